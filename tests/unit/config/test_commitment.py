"""Tests of what keeps a metric from being a KPI."""

import pytest

from kpi_pipeline.config.commitment import PARTS, missing_parts
from kpi_pipeline.config.configuration import load_configuration


def test_a_complete_commitment_misses_nothing(folder):
    kpis = load_configuration(folder.path).kpis
    assert [missing_parts(kpi) for kpi in kpis.values()] == [(), ()]


@pytest.mark.parametrize("part", PARTS)
def test_each_part_is_missed(folder, part):
    kpi = load_configuration(folder.path).kpis["ctr_ads"]
    absent = type(kpi).model_fields[part].default
    assert missing_parts(kpi.model_copy(update={part: absent})) == (part,)
