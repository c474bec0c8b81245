# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

PYTHON ?= python3
VENV := $(CURDIR)/.venv
BUILD := $(CURDIR)/build
COLLECTION := $(BUILD)/collections/ansible_collections/osmigrate/fleet
INSTALLED := $(BUILD)/installed
# Light ones first: what is wrong is told early.
TIERS := venv install lint unit sanity grub cluster e2e

export PATH := $(VENV)/bin:$(PATH)
export ANSIBLE_COLLECTIONS_PATH := $(INSTALLED)

.PHONY: help demo release test $(TIERS) importer docs sanity-oldest sanity-ours sanity-pylint sanity-all coverage fuzz lock references artifact image image-debian awx first-hour disk-tools e2e-all flavours dense faults-node molecule collection install bench \
	bench-cluster bench-capacity bench-releases bench-slots month drains faults-cluster cluster-plays cluster-drains cluster-objects cluster-all pages pictures lab clean-lab clean unit-rooms unit-others grub-decisions grub-disks

help: ## show this
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

demo: BACKEND ?= ostree
demo: venv install ## the main job in the lab, from nothing; BACKEND=slots for nodes with two root partitions, FLAVOUR=el for EL's layout
	@python -m tests.e2e.demo $(BACKEND) $(FLAVOUR)

release: RECIPE ?= $(BUILD)/release/node.yml
release: VERSION ?= 13.1
release: URL ?= http://images.example
release: install ## a release in build/release: built, compared with the one before, signed, published; RECIPE, VERSION and URL choose
	@tests/gate/packages.sh mmdebstrap ostree gpgv debian-archive-keyring openssl openssh-client e2fsprogs qemu-system-x86
	@tests/gate/release.sh $(BUILD)/release $(abspath $(RECIPE)) $(VERSION) $(URL)

test: ## everything that CI runs
	@$(PYTHON) tests/gate/tiers.py $(BUILD) $(TIERS)

venv: ## the tools, in .venv
	@tests/gate/venv.sh $(VENV) $(PYTHON) test

lint: install ## formatting, licences, documentation, playbooks, what Galaxy says of the artifact
	@tests/gate/lint.sh $(COLLECTION)

unit: collection ## unit tests, those of the lab too, and seconds of the fuzz targets
	@tests/gate/packages.sh rpm prometheus prometheus-alertmanager fdisk lvm2 diffoscope-minimal softhsm2 opensc
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=line unit-rooms unit-others

# Two at once, about as long as each other.
rooms := $(addprefix tests/unit/plugins/,module_utils inventory modules)
unit-rooms: of := $(rooms)
unit-others: of := tests/unit $(addprefix --ignore=,$(rooms)) tests/lab tests/fuzz
unit-rooms unit-others: collection
	@cd $(COLLECTION) && PYTHONPATH=$(BUILD)/collections python -m pytest $(of) --junitxml=$(BUILD)/$@.xml

coverage: collection ## the unit tests, and how many lines of each plugin they run; slower than unit
	@tests/gate/packages.sh rpm prometheus prometheus-alertmanager fdisk lvm2 diffoscope-minimal softhsm2 opensc
	@cd $(COLLECTION) && COVERAGE_FILE=$(BUILD)/coverage PYTHONPATH=$(BUILD)/collections \
		python -m pytest -q tests/unit tests/fuzz --cov=plugins --cov-report=term:skip-covered

sanity: collection ## ansible-test sanity, with the oldest ansible-core that runs here and with ours
	@$(MAKE) --no-print-directory --jobs=3 --output-sync=target sanity-ours sanity-pylint sanity-oldest

# All at once: three parts of different lengths fill two processors. pylint takes longer than all other tests of ours.
sanity-ours: with := --skip-test pylint
sanity-pylint: with := --test pylint
sanity-ours sanity-pylint: collection
	@cd $(COLLECTION) && $(CURDIR)/tests/gate/sanity.sh $(VENV) $(BUILD)/$@ $(with)

sanity-oldest: collection
	@PYTHON=$(PYTHON) python tests/gate/cores.py sanity $(COLLECTION) $(BUILD) oldest

sanity-all: collection ## the same with every supported ansible-core that some Python here can run
	@PYTHON=$(PYTHON) python tests/gate/cores.py sanity $(COLLECTION) $(BUILD) all

fuzz: collection ## minutes of the fuzz targets; EACH=300 are seconds for each, ONLY="ifupdown record" chooses
	@PYTHONPATH=$(BUILD)/collections python -m tests.fuzz.fuzz $(or $(EACH),30) $(ONLY)

lock: venv ## write constraints/ anew: exact versions and digests of what is installed here and in the image
	@python tests/gate/cores.py lock

docs: collection ## the documentation as a site, in build/docs/html, its links checked
	@tests/gate/venv.sh $(VENV)-docs $(PYTHON) docs
	@tests/gate/docsite.sh $(COLLECTION) $(VENV)-docs $(BUILD)/docs

importer: install ## what Galaxy and a builder of execution environments would say
	@tests/gate/importer.sh $(BUILD)/osmigrate-fleet-*.tar.gz
	@python tests/gate/image.py $(BUILD)
	@ansible-builder create --file $(BUILD)/execution-environment.yml --context $(BUILD)/context --verbosity 0

references: venv ## write the tables of READMEs and variables, the forms for AWX, the version and the figures of scale-out anew
	@python tests/gate/references.py
	@python tests/gate/variables.py
	@python tests/gate/surveys.py
	@python tests/gate/version.py
	@python tests/gate/workflow.py
	@python tests/gate/scale.py

artifact: install ## the tarball with SBOM, provenance and checksums; SIGNING_KEY=<file> signs them
	@python tests/gate/artifact.py $(BUILD) $(SIGNING_KEY)

image: install ## the execution environment for publishing; EE_BASE_IMAGE=<name>@sha256:<digest> names what it is built on
	@echo '$(EE_BASE_IMAGE)' | grep -qE '@sha256:[0-9a-f]{64}$$' || { \
		echo 'EE_BASE_IMAGE is not set to <name>@sha256:<digest>: what is published is built on one known image'; exit 1; }
	@python tests/gate/image.py $(BUILD)
	@ansible-builder build --file $(BUILD)/execution-environment.yml --tag osmigrate-fleet --build-arg EE_BASE_IMAGE=$(EE_BASE_IMAGE)

image-debian: install ## the same from Debian's packages by buildah, without a registry, and every playbook in it with --check
	@tests/gate/image_on_debian.sh $(BUILD)
	@cd $(COLLECTION) && PYTHONPATH=$(BUILD)/collections python -m pytest -v tests/cluster/test_in_image.py \
		--junitxml=$(BUILD)/image-debian.xml

awx: collection ## the project's jobs as AWX gives them to a real receptor; with AWX_HOST=, that AWX is configured, too
	@cd $(COLLECTION) && PYTHONPATH=$(BUILD)/collections python -m pytest -v -rs tests/cluster/test_awx_jobs.py \
		tests/cluster/test_awx_itself.py --junitxml=$(BUILD)/awx.xml

first-hour: collection ## a newcomer's walk from the artifact, in an environment of its own, on a real API server
	@cd $(COLLECTION) && PYTHONPATH=$(BUILD)/collections python -m pytest -v tests/cluster/test_first_hour.py \
		--junitxml=$(BUILD)/first-hour.xml

grub: collection ## real GRUB, deciding what to boot; real ostree, merging /etc; disks, rebuilt as power cuts leave them
	@tests/gate/packages.sh grub-common grub-pc-bin qemu-system-x86 qemu-utils e2fsprogs ostree fuse3
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=line grub-decisions grub-disks

# Two at once: each waits for one process after the other.
grub-decisions: of := tests/grub
grub-disks: of := tests/ostree tests/faults
grub-decisions grub-disks: collection
	@cd $(COLLECTION) && PYTHONPATH=$(BUILD)/collections python -m pytest $(of) --junitxml=$(BUILD)/$@.xml

cluster: collection ## drain, cordon, records and whole playbooks on a real API server, without machines
	@PYTHON=$(PYTHON) python tests/gate/cores.py fill oldest >$(BUILD)/oldest
	@$(MAKE) --no-print-directory --jobs=3 --output-sync=line cluster-plays cluster-drains cluster-objects

# At once, each with an API server of its own, and about as long as each other.
plays := tests/cluster/test_play.py
drains := $(addprefix tests/cluster/,test_drain.py test_drain_webhooks.py test_drains.py test_faults.py test_lies.py test_owner.py)
cluster-plays: of := $(plays)
cluster-drains: of := $(drains)
cluster-objects: of := tests/cluster $(addprefix --ignore=,$(plays) $(drains))
cluster-plays cluster-drains cluster-objects: collection
	@cd $(COLLECTION) && OSMIGRATE_OLDEST=$$(cat $(BUILD)/oldest) PYTHONPATH=$(BUILD)/collections \
		python -m pytest -v $(of) -m 'not long' --junitxml=$(BUILD)/$@.xml

e2e: disk-tools install ## the demo with assertions, on virtual machines
	@PYTHONPATH=$(BUILD)/collections python -m pytest -v tests/e2e -m 'not long' --junitxml=$(BUILD)/e2e.xml

e2e-all: disk-tools install ## the same, with what waits for minutes: a drill
	@PYTHONPATH=$(BUILD)/collections python -m pytest -v tests/e2e --junitxml=$(BUILD)/e2e-all.xml

flavours: venv install ## nodes with other storage and firmware, there and back; OSMIGRATE_FLAVOURS=lvm,... chooses
	@PYTHONPATH=$(BUILD)/collections python -m pytest -v tests/flavours --junitxml=$(BUILD)/flavours.xml

dense: venv install ## nodes that an administrator has worked on for years, before and after; OSMIGRATE_FLAVOURS chooses
	@PYTHONPATH=$(BUILD)/collections python -m pytest -v -s tests/dense --junitxml=$(BUILD)/dense.xml

disk-tools: # what looks at disks from outside
	@tests/gate/packages.sh grub-common e2fsprogs fuse3 qemu-system-x86 qemu-utils

faults-node: disk-tools install ## the fault matrix of a node's way, on virtual machines: hours, and resumable; ONLY="boot play" and BACKEND=slots choose
	@PYTHONPATH=$(BUILD)/collections python -m tests.faults.matrix $(if $(ONLY),--only $(ONLY)) $(if $(BACKEND),--backends $(BACKEND))

pages: collection ## the pages that people look at in a real Chromium, and by axe: errors, contrast, keyboard; pictures in build/pages
	@command -v npm >/dev/null || tests/gate/packages.sh npm
	@tests/gate/packages.sh chromium
	@cd $(COLLECTION) && OSMIGRATE_PAGES=$(BUILD)/pages PYTHONPATH=$(BUILD)/collections \
		python -m pytest -v tests/pages --junitxml=$(BUILD)/pages.xml

pictures: collection ## the pictures of the guides, in docs/pictures: plan, report and status of a rollout, by a real Chromium
	@tests/gate/packages.sh chromium
	@cd $(COLLECTION) && PYTHONPATH=$(BUILD)/collections python -m tests.pages.pictures $(CURDIR)/docs/pictures

cluster-all: collection ## the same, one after the other, with what waits for minutes
	@oldest=$$(PYTHON=$(PYTHON) python tests/gate/cores.py fill oldest) && cd $(COLLECTION) && \
		OSMIGRATE_OLDEST=$$oldest PYTHONPATH=$(BUILD)/collections python -m pytest -v tests/cluster --junitxml=$(BUILD)/cluster-all.xml

faults-cluster: collection ## the fault matrix of the cluster side, on simulated nodes: half an hour
	@oldest=$$(PYTHON=$(PYTHON) python tests/gate/cores.py fill oldest) && cd $(COLLECTION) && \
		OSMIGRATE_OLDEST=$$oldest PYTHONPATH=$(BUILD)/collections python -m pytest -v tests/cluster --faults=$(BUILD)/faults-cluster.json

drains: collection ## each drain of tests/cluster/drains.yml on a real API server; PEER=yes has kubectl drain do them, too, and counts
	@cd $(COLLECTION) && PYTHONPATH=$(BUILD)/collections python -m pytest -v tests/cluster/test_drains.py $(if $(PEER),--peer) \
		--junitxml=$(BUILD)/drains.xml

molecule: venv install ## roles, on virtual machines
	@python -m tests.gate.molecule_in_lab test --all --report

collection: venv ## the working tree as Ansible wants to find it
	@python tests/gate/collection.py $(COLLECTION)

install: collection ## what users get, in build/installed
	@tests/gate/install.sh $(COLLECTION) $(BUILD) $(INSTALLED)

bench: bench-cluster bench-releases bench-slots install ## what moves and releases cost: tables, and build/bench*.json
	@python -m tests.bench.bench

bench-cluster: collection ## the same of the cluster side, without machines; ONLY="inventory large" chooses
	@PYTHONPATH=$(BUILD)/collections python -m tests.bench.cluster $(if $(ONLY),--only $(ONLY))

month: collection ## a month of patching 6,000 simulated nodes, by a clock that jumps: budgets, windows, halts; NODES and DAYS choose
	@PYTHONPATH=$(BUILD)/collections nice python -m tests.bench.month --nodes $(or $(NODES),6000) --days $(or $(DAYS),30)

bench-capacity: collection ## what one job takes: inventory, memory, CPU and events, with 600 and 6,000 hosts
	@PYTHONPATH=$(BUILD)/collections python -m tests.bench.cluster --only capacity

bench-releases: install ## what releases cost to build, compare and publish, against named peers; half an hour
	@tests/gate/packages.sh mmdebstrap debootstrap ostree gpgv debian-archive-keyring openssl
	@python -m tests.bench.release_builds

bench-slots: install ## what a month costs a node with slots: bytes, memory, what its neighbours on the disk notice; half an hour
	@tests/gate/packages.sh mmdebstrap ostree gpgv debian-archive-keyring openssl e2fsprogs gdisk
	@PYTHONPATH=$(BUILD)/collections python -m tests.bench.slots

lab: venv ## a lab to play with
	@python -m tests.lab up

clean-lab: venv ## away with it
	@python -m tests.lab clean

clean: ## delete what was built
	rm -rf $(BUILD) $(VENV) $(VENV)-*
