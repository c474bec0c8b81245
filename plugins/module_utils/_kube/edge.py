# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every module that talks to the cluster does at its edge: connect, work, turn an error into a failure once.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import failing
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import auth, auth_options
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import Cluster


def run_module(argument_spec, work, **rules):
    """Run a module.

    :param work: callable(module, cluster) that returns the result.
        A result with C(before) and C(after) is what a diff shows.
    """
    module = AnsibleModule(dict(auth_options.ARGUMENT_SPEC, **argument_spec), supports_check_mode=True, **rules)
    if auth.IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("kubernetes"), exception=auth.IMPORT_ERROR)
    with failing(module):
        options = auth_options.read_options(module.params.get)
        auth_options.hide(module)
        result = work(module, Cluster.connect(options))
    if "before" in result:
        result["diff"] = {"before": result["before"], "after": result["after"]}
    module.exit_json(**result)
