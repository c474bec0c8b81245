# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast it goes, by a clock that only the pace itself moves, and a disk that is as busy as a test says."""

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots import pace

MIB = 1 << 20
RECORDED = """some avg10=1.53 avg60=0.87 avg300=0.21 total=2750000
full avg10=1.20 avg60=0.60 avg300=0.10 total=1250000
"""


class Machine:
    def __init__(self, others=0.0, counts=True):
        self.now, self.slept, self.waited, self.others, self.counts = 100.0, 0.0, 0.0, others, counts

    def clock(self):
        return self.now

    def sleep(self, seconds):
        self.slept += seconds
        self.pass_by(seconds)

    def pass_by(self, seconds, own=0.0):
        self.now += seconds
        self.waited += max(own, seconds * self.others)

    def pressure(self):
        return self.waited if self.counts else None

    def pace(self, rate=25 * MIB):
        return pace.Pace(rate, self.clock, self.sleep, self.pressure)


def write(machine, one, mebibytes, own=0.0):
    begin = machine.now
    for _each in range(mebibytes):
        machine.pass_by(own, own)
        one.wrote(MIB)
    return mebibytes / (machine.now - begin)


def test_as_fast_as_told():
    machine = Machine()
    assert write(machine, machine.pace(), 100) == pytest.approx(25, rel=0.05)


def test_not_paced():
    machine = Machine()
    machine.pace(0).wrote(1 << 40)
    assert machine.slept == 0


def test_reading_is_cheaper():
    machine = Machine()
    machine.pace().read(100 * MIB)
    assert machine.slept == pytest.approx(1, rel=0.15)


def test_what_was_not_used_is_not_saved_up():
    machine = Machine()
    one = machine.pace()
    machine.pass_by(3600)
    assert write(machine, one, 100) == pytest.approx(25, rel=0.1)


def test_slower_while_others_wait_and_faster_again():
    machine = Machine(others=0.5)
    one = machine.pace()
    assert write(machine, one, 100) < 8
    assert one.rate == one.asked / 16
    machine.others = 0
    write(machine, one, 400)
    assert one.rate == one.asked


def test_its_own_waiting_is_not_others():
    machine = Machine()
    one = machine.pace()
    write(machine, one, 100, own=0.02)
    assert one.rate == one.asked


def test_a_kernel_that_does_not_count():
    machine = Machine(others=0.9, counts=False)
    assert write(machine, machine.pace(), 100) == pytest.approx(25, rel=0.05)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [(RECORDED, 2.75), ("", None), ("some total=x\n", None), ("full avg10=0.00 total=7\n", None), ("some\n", None)],
)
def test_parse_pressure(text, seconds):
    assert pace.parse_pressure(text) == seconds
