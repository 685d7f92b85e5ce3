"""jenkins-job-builder itself, in this process: what every fixture is compared with.

It runs the library's own code, from loading to the bytes that `jenkins-jobs test -o` writes;
only its command line is left out. Nothing is kept between two calls but the modules.
"""

import io
import logging
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from jenkins_jobs.alphanum import AlphanumSort
    from jenkins_jobs.cli.subcommand.base import filter_matching
    from jenkins_jobs.config import JJBConfig
    from jenkins_jobs.loader import load_files
    from jenkins_jobs.registry import ModuleRegistry
    from jenkins_jobs.roots import Roots
    from jenkins_jobs.xml_config import XmlJobGenerator, XmlViewGenerator


class OracleRefused(Exception):
    """The library ended with an exception, as its command would: exit code 1."""


def oracle(
    source: str | Path | Sequence[Path],
    plugins_info: list[dict[str, Any]] | None = None,
    names: Sequence[str] = (),
    options: Mapping[str, Any] | None = None,
) -> dict[str, bytes]:
    """Jobs, then views, in the library's order: name → XML; a view of a job's name wins.

    source: YAML as text, or a file or folder, or several.
    options: values of the ini file's section [job_builder], such as `keep_descriptions`.
    Raises OracleRefused for whatever the library raises.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.disable(logging.CRITICAL)
        try:
            return _run(source, plugins_info, names, options or {})
        except (Exception, SystemExit) as error:
            raise OracleRefused(_told(error)) from None
        finally:
            logging.disable(logging.NOTSET)


def _run(
    source: str | Path | Sequence[Path],
    plugins_info: list[dict[str, Any]] | None,
    names: Sequence[str],
    options: Mapping[str, Any],
) -> dict[str, bytes]:
    config = JJBConfig(config_filename=None)
    config.yamlparser.update(options)
    config.builder["plugins_info"] = plugins_info or []
    config.validate()
    paths: list[Any]
    if isinstance(source, str):
        paths = [io.StringIO(source)]
    else:
        paths = [source] if isinstance(source, Path) else list(source)
    roots = Roots(config)
    load_files(config, roots, paths)
    registry = ModuleRegistry(config, config.builder["plugins_info"])
    registry.set_macros(roots.macros)
    jobs = filter_matching(roots.generate_jobs(), names)
    views = filter_matching(roots.generate_views(), names)
    registry.amend_job_dicts(jobs)
    made = {}
    for xml in (
        sorted(XmlJobGenerator(registry).generateXML(jobs), key=AlphanumSort),
        sorted(XmlViewGenerator(registry).generateXML(views), key=AlphanumSort),
    ):
        made.update({item.name: item.output() for item in xml})
    return made


def _told(error: BaseException) -> str:
    try:
        lines = getattr(error, "lines", None)
    except IndexError:  # The library cannot always show the place of what it refuses.
        lines = None
    return "\n".join(lines or [f"{type(error).__name__}: {error}"])
