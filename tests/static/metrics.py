#!/usr/bin/env python3
"""Compares tool/metricset.def with the tables of docs/metrics.md, and with the dashboard and the alert rules of monitoring/, which may
name no other metric. Writes TAP."""
import json
import re
import sys
from collections import namedtuple

from checks import TOP, Tap

TABLE, DOCUMENT = 'tool/metricset.def', 'docs/metrics.md'
DASHBOARD, RULES, RULES_TEST = 'monitoring/dashboard.json', 'monitoring/ffntp-rules.yml', 'monitoring/ffntp-rules-test.yml'
Metric = namedtuple('Metric', 'name type unit key')
KINDS = {'METRIC': 'clock', 'SOURCE_METRIC': 'source'}
SUFFIXES = {'counter': '_total', 'info': '_info'}
BASE_UNITS = {'', 'seconds', 'ratio', 'hertz'}
# Labels of Prometheus, and those of the program, which the table does not have.
WORDS = re.compile(r'\bffntp_\w+')


def table():
    """Return the metrics of each kind, in order, and their help texts."""
    found, helps = {kind: [] for kind in KINDS.values()}, []
    text = (TOP / TABLE).read_text()
    for kind, name, type_, unit, key, help_ in re.findall(
            r'^(METRIC|SOURCE_METRIC)\((\w+), (\w+), "(\w*)", \w+, "(\w*)",\s+"([^"]*)"\)$', text, re.MULTILINE):
        found[KINDS[kind]].append(Metric(name, type_.lower(), unit, key))
        helps.append((name, help_))
    return found, helps


def documented():
    found, kind = {kind: [] for kind in KINDS.values()}, None
    for line in (TOP / DOCUMENT).read_text().splitlines():
        marker = re.match(r'<!-- metrics: (\w+) -->', line)
        kind = marker[1] if marker else kind
        columns = [column.strip().strip('`') for column in line.strip('|').split('|')]
        if kind and line.startswith('| `ffntp_'):
            found[kind].append(Metric(columns[0], columns[1], columns[2], columns[4]))
    return found


def check_document(tap, metrics):
    document = documented()
    for kind in KINDS.values():
        problems = [f'not in {DOCUMENT}: {tuple(each)}' for each in metrics[kind] if each not in document[kind]]
        problems += [f'only in {DOCUMENT}: {tuple(each)}' for each in document[kind] if each not in metrics[kind]]
        if not problems and metrics[kind] != document[kind]:
            problems = ['the order differs']
        tap.check(f'{DOCUMENT} has the metrics of the table: {kind}', problems if metrics[kind] else ['no metrics'])


def check_rows(tap, metrics, helps):
    """Each row is found by the pattern above, and follows the rules of OpenMetrics on names and units."""
    text = (TOP / TABLE).read_text()
    every = [each for of_kind in metrics.values() for each in of_kind]
    begun = len(re.findall(r'^(?:SOURCE_)?METRIC\(', text, re.MULTILINE))
    problems = [f'{len(every)} of {begun} rows'] if len(every) != begun else []
    problems += [f'{each.name}: unit {each.unit}' for each in every if each.unit not in BASE_UNITS]
    problems += [f'{each.name} does not end in its unit' for each in every if each.unit and not each.name.endswith('_' + each.unit)]
    problems += [f'{each.name} ends in a unit that it does not have' for each in every
                 if not each.unit and each.name.rsplit('_', 1)[-1] in BASE_UNITS]
    problems += [f'{each.name} ends in a suffix' for each in every if each.name.endswith(('_total', '_info', '_created'))]
    problems += [f'{name}: {text!r}' for name, text in helps if not text or text.endswith('.') or '\\' in text]
    problems += sorted({f'{each.name}: twice' for each in every if [other.name for other in every].count(each.name) > 1})
    tap.check('metrics are named as OpenMetrics demands', problems)


def sample_names(metrics):
    return {each.name + SUFFIXES.get(each.type, '') for of_kind in metrics.values() for each in of_kind}


def labels(metrics):
    """Return the labels that begin like metrics: those of statesets."""
    return {each.name for of_kind in metrics.values() for each in of_kind if each.type == 'stateset'}


def unknown_names(text, names):
    return sorted(set(WORDS.findall(text)) - names)


def expressions(node):
    """Yield all queries of the dashboard: of panels, and of its variables."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ('expr', 'definition') or (key == 'query' and isinstance(value, str) and 'ffntp' in value):
                yield value
            else:
                yield from expressions(value)
    elif isinstance(node, list):
        for each in node:
            yield from expressions(each)


def check_dashboard(tap, names):
    dashboard = json.loads((TOP / DASHBOARD).read_text())
    queries = list(expressions(dashboard))
    problems = [f'{query}: no metric {name}' for query in queries for name in unknown_names(query, names)]
    problems += [f'{query}: names no metric' for query in queries if not WORDS.search(query)]
    tap.check('the dashboard queries metrics that exist', problems if len(queries) > 10 else [f'{len(queries)} queries'])
    panels = [panel for panel in dashboard['panels'] if panel['type'] != 'row']
    ids = [panel['id'] for panel in dashboard['panels']]
    problems = [f'{panel["title"]}: no description' for panel in panels if not panel.get('description')]
    problems += [f'{panel["title"]}: no unit' for panel in panels if not unit_of(panel)]
    problems += overlaps(dashboard['panels']) + (['ids are not unique'] if len(ids) != len(set(ids)) else [])
    tap.check('each panel has a title, a description, a unit, and a place of its own', problems if panels else ['no panels'])


def unit_of(panel):
    return panel['fieldConfig']['defaults'].get('unit') or panel['type'] in ('state-timeline', 'table')


def cells(panel):
    place = panel['gridPos']
    return {(x, y) for x in range(place['x'], place['x'] + place['w']) for y in range(place['y'], place['y'] + place['h'])}


def overlaps(panels):
    return [f'{one["title"]} overlaps {other["title"]}' for i, one in enumerate(panels) for other in panels[:i] if cells(one) & cells(other)] + [
        f'{panel["title"]} is wider than the dashboard' for panel in panels if panel['gridPos']['x'] + panel['gridPos']['w'] > 24]


def alerts(name):
    return re.findall(r'^ *- alert: (\w+)$', (TOP / name).read_text(), re.MULTILINE)


def check_rules(tap, names):
    """promtool checks the rest (tests/system/test_prometheus.py)."""
    text = (TOP / RULES).read_text()
    code = '\n'.join(line for line in text.splitlines() if not line.lstrip().startswith('#'))
    defined = set(re.findall(r'^ *- record: (\S+)$', text, re.MULTILINE))
    tap.check('the alert rules name metrics that exist', [f'no metric {name}' for name in unknown_names(code, names | defined)])
    document = (TOP / 'docs/fleet.md').read_text()
    tested = set(re.findall(r'alertname: (\w+)', (TOP / RULES_TEST).read_text()))
    rows = set(re.findall(r'^\| `(Ffntp\w+)` \|', document, re.MULTILINE))
    problems = [f'{name}: no row in docs/fleet.md' for name in alerts(RULES) if name not in rows]
    problems += [f'{name}: in docs/fleet.md alone' for name in rows if name not in alerts(RULES)]
    problems += [f'{name}: not in {RULES_TEST}' for name in alerts(RULES) if name not in tested]
    tap.check('each alert is documented and tested', problems if alerts(RULES) else ['no alerts'])


def main():
    metrics, helps = table()
    tap = Tap()
    check_document(tap, metrics)
    check_rows(tap, metrics, helps)
    names = sample_names(metrics) | labels(metrics)
    check_dashboard(tap, names)
    check_rules(tap, names)
    print(f'1..{tap.count}')
    sys.exit(tap.failed != 0)


main()
