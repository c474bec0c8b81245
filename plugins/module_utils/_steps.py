# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of one node's way: the words that plan, progress, report and annotations share. Pure data.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing

# What next_steps (plugin_utils/_way.py) decides about, and roles/node does.
STAGE, DRAIN, TRIAL, VERIFY = "stage", "drain", "trial", "verify"
CONFIRM, RETURN, REVERT, REPAIR = "confirm", "return", "revert", "repair"
# A move, and a drill, once the release lies on the node.
MOVE = (DRAIN, TRIAL, VERIFY, CONFIRM)
DRILL = (DRAIN, TRIAL, RETURN)

# In which nothing is done to a node. It lasts until the run comes to it, and not beyond that run.
WAIT = "wait"

# The annotation `phase` of a Node object: a trial boot comes, the node has arrived, its move has failed.
ON_TRIAL, DONE, FAILED = "trial", "done", "failed"


class Step(typing.NamedTuple):
    """One step as people see it.

    key: its name in events, reports and tests.
    words: what the node does, after its name in a sentence.
    way: the step of next_steps that it is a part of, "" if of none.
    serving: whether the node serves while it is taken.
    begins: what begins it: tasks, each as `module`, `module=state` or `module@role`. A module without a state is one
        that is given none. What is named here is not skipped where it is reached, or the next step follows at once.
    lasts: whether people wait for it, and are told when it begins.
    """

    key: str
    words: str
    way: str
    serving: bool
    begins: typing.Tuple[str, ...] = ()
    lasts: bool = False


# In the order in which a node takes them. It goes back from any of them, and after that begins anew.
STEPS = (
    Step("look", "is looked at", "", True, ("k8s_node_lease",)),
    Step("preflight", "is asked what speaks against the move", STAGE, True, ("node_preflight",)),
    Step("stage", "gets the release beside what runs", STAGE, True, ("node_candidate",), True),
    Step(WAIT, "waits for its batch", "", True),
    Step("repair", "has its record and boot menu settled", REPAIR, True, ("boot_trial=repaired",)),
    Step(
        "claim",
        "waits for those who have to agree, and for its place in the budget",
        DRAIN,
        True,
        ("k8s_node_approval", "k8s_node_claim=claimed"),
        True,
    ),
    Step("cordon", "is cordoned", DRAIN, False, ("k8s_node_cordon=cordoned",)),
    Step("drain", "is drained", DRAIN, False, ("k8s_node_drain",), True),
    Step("arm", "gets its trial armed", TRIAL, False, ("boot_trial=armed",)),
    Step("reboot", "reboots into its trial", TRIAL, False, ("node_reboot@trial",), True),
    Step("verify", "is verified", VERIFY, False, ("boot_info@verify",), True),
    Step("confirm", "makes the release its default", CONFIRM, False, ("boot_trial=confirmed",)),
    Step("return", "comes home from its drill", RETURN, False, ("node_reboot@drill",), True),
    Step("revert", "goes back to what it ran", REVERT, False, ("boot_trial=reverted",), True),
    Step("uncordon", "is given back", "", False, ("k8s_node_cordon=uncordoned",)),
)
BY_KEY = {step.key: step for step in STEPS}
