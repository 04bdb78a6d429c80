from datetime import timedelta

from kpi_pipeline.demo.delivery import deliver


def snapshot(inbox):
    return {
        path.relative_to(inbox).as_posix(): (path.stat().st_mtime_ns, path.read_bytes())
        for path in inbox.rglob("*")
        if path.is_file()
    }


def test_nothing_is_delivered_before_the_first_arrival(demo, tmp_path):
    assert deliver(demo.directory, tmp_path, demo.arrival_days[0] - timedelta(days=1)) == []
    assert list(tmp_path.iterdir()) == []


def test_a_delivery_has_everything_until_its_day_in_the_folder_of_its_source(demo, exports, tmp_path):
    deliver(demo.directory, tmp_path, demo.arrival_days[1])
    arrived = [path for day in demo.arrival_days[:2] for path in (exports / day.isoformat()).glob("*/*")]
    assert set(snapshot(tmp_path)) == {f"{path.parent.name}/{path.name}" for path in arrived}


def test_day_by_day_gives_the_same_inbox_as_all_at_once(demo, tmp_path):
    for day in demo.arrival_days:
        deliver(demo.directory, tmp_path / "daily", day)
    deliver(demo.directory, tmp_path / "at_once", demo.arrival_days[-1])
    assert snapshot(tmp_path / "daily") == snapshot(tmp_path / "at_once")
    assert len(snapshot(tmp_path / "daily")) == demo.files


def test_repeating_a_delivery_changes_nothing(demo, tmp_path):
    assert deliver(demo.directory, tmp_path, demo.last_day)
    before = snapshot(tmp_path)
    assert deliver(demo.directory, tmp_path, demo.last_day) == []
    assert snapshot(tmp_path) == before


def test_a_file_of_another_simulation_is_replaced(demo, tmp_path):
    stale = deliver(demo.directory, tmp_path, demo.arrival_days[0])[0]
    whole = stale.read_bytes()
    stale.write_bytes(whole[:-1] + b"?")
    assert deliver(demo.directory, tmp_path, demo.arrival_days[0]) == [stale]
    assert stale.read_bytes() == whole


def test_file_times_depend_on_the_day_of_arrival_alone(demo, exports):
    for day in demo.arrival_days:
        times = {path.stat().st_mtime for path in (exports / day.isoformat()).glob("*/*")}
        assert len(times) == 1
