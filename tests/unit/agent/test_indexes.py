"""Where uv looks for packages: where pip would."""

from pathlib import Path

from argosy.agent.indexes import (
    NO_INDEX,
    local_places,
    pip_config_files,
    uv_environment,
)

PIP_CONF = """
[global]
index-url = https://a/simple
extra-index-url =
    https://b/simple
    file:///c/simple
cert = /etc/own.pem
[install]
find_links = /d /e
trusted-host = b
no-index = false
"""


def test_nothing_is_said_where_nothing_is_configured() -> None:
    assert uv_environment({"HOME": "/root", "SECRET": "x"}, []) == {}


def test_pips_configuration_becomes_uvs() -> None:
    assert uv_environment({}, [PIP_CONF]) == {
        "UV_DEFAULT_INDEX": "https://a/simple",
        "UV_INDEX": "https://b/simple file:///c/simple",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_FIND_LINKS": "/d,/e",
        "UV_INSECURE_HOST": "b",
        "SSL_CERT_FILE": "/etc/own.pem",
    }


def test_pips_variables_go_before_its_files_and_later_files_before_earlier_ones() -> None:
    files = ["[global]\nindex-url = https://x\nno-index = yes", "[global]\nindex-url = https://y"]
    assert uv_environment({}, files) == {"UV_DEFAULT_INDEX": "https://y", NO_INDEX: "1"}
    given = {"PIP_INDEX_URL": "https://z", "PIP_NO_INDEX": "0"}
    assert uv_environment(given, files) == {"UV_DEFAULT_INDEX": "https://z"}


def test_uvs_own_variables_go_first() -> None:
    given = {"UV_INDEX": "https://u", "UV_CACHE_DIR": "/x", "https_proxy": "http://p", "A": "b"}
    assert uv_environment(given, ["[global]\nindex-url = https://x"]) == {
        "UV_INDEX": "https://u",
        "https_proxy": "http://p",
    }


def test_a_file_that_is_no_configuration_is_passed_over() -> None:
    assert uv_environment({}, ["index-url = x"]) == {}


def test_places_on_this_machine_are_found_with_the_files_beside_an_index() -> None:
    told = {
        "UV_INDEX": "https://b/simple name=file:///c/simple/",
        "UV_FIND_LINKS": "/d,/e",
        "SSL_CERT_FILE": "/etc/own.pem",
        "HTTP_PROXY": "/no",
    }
    assert local_places(told) == ["/c", "/d", "/e", "/etc/own.pem"]


def test_pips_files_are_looked_for_where_pip_looks() -> None:
    found = pip_config_files({"HOME": "/h", "PIP_CONFIG_FILE": "/own.conf"}, "/venv")
    assert found[-1] == Path("/own.conf")
    assert Path("/h/.config/pip/pip.conf") in found
    assert Path("/venv/pip.conf") in found
    assert pip_config_files({"PIP_CONFIG_FILE": "/dev/null"}, "/venv") == []
