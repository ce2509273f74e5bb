#!/usr/bin/env python3
"""Debian's Prometheus, promtool and node_exporter, unpacked: the metrics by promtool's rules, the alert rules by their cases, the
dashboard's queries, the file that node_exporter reads, and a Prometheus that scrapes ffntp metrics and evaluates all of them."""
import contextlib
import json
import os
import re
import subprocess
import sys
import urllib.parse
import urllib.request

import fake
import packages
import tap
import tool

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MONITORING = f"{TOP}/monitoring"


def promtool(*arguments, **options):
    done = subprocess.run([packages.program("prometheus", "/usr/bin/promtool"), *arguments], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, cwd=MONITORING, timeout=60 * tap.PATIENCE, **options)
    return done.returncode, done.stdout


def check_passes(*arguments, **options):
    code, output = promtool(*arguments, **options)
    tap.check(code == 0, f"promtool {arguments}: {code}: {output}")
    return output


def test_the_rules_and_their_cases(folder):
    tap.check("15 rules found" in check_passes("check", "rules", "ffntp-rules.yml"), "rules")
    check_passes("test", "rules", "ffntp-rules-test.yml")
    check_passes("check", "config", "prometheus.yml")


def test_each_rule_has_a_case_that_can_fail(folder):
    """Without its limit, or with the opposite one, no case passes: each rule in turn."""
    with open(f"{MONITORING}/ffntp-rules.yml") as f:
        rules = f.read()
    with open(f"{MONITORING}/ffntp-rules-test.yml") as f:
        cases = tool.write(folder, "ffntp-rules-test.yml", f.read())
    for alert in re.findall(r"alert: (\w+)", rules):
        broken = re.sub(rf"(alert: {alert}\n +expr: )(>-\n +)?", r"\g<1>\g<2>vector(0) > 1 and ", rules)
        tap.check(broken != rules, alert)
        tool.write(folder, "ffntp-rules.yml", broken)
        code, output = promtool("test", "rules", cases)
        tap.check(code != 0 and alert in output, f"{alert}: its cases pass without it: {output}")


def test_names_types_and_helps(folder):
    with fake.Server() as server, tool.kept_page(folder, server, "--counter", "raw") as page:
        text = tool.ffntp("metrics", "--page", page, "--format", "prometheus")[1]
    tap.check(check_passes("check", "metrics", input=text) == "", "promtool has remarks")
    code, _ = promtool("check", "metrics", input=text.replace("# HELP ffntp_up", "# HELP ffntp_op"))
    tap.check(code != 0, "promtool finds nothing")


def test_node_exporter_reads_the_file(folder):
    """It reads the older format alone, and refuses the whole file for a word that it does not know."""
    exporter, port = packages.program("prometheus-node-exporter", "/usr/bin/prometheus-node-exporter"), tap.free_tcp_port()
    argv = [exporter, f"--web.listen-address=127.0.0.1:{port}", "--collector.disable-defaults", "--collector.textfile",
            f"--collector.textfile.directory={folder}"]
    with fake.Server() as server, tool.kept_page(folder, server) as page, tap.process(argv, f"{folder}/exporter.log"):
        code, _, errors = tool.ffntp("metrics", "--page", page, "--textfile", f"{folder}/ffntp.prom")
        tap.check(code == 0, errors)
        text = tap.wait_for(lambda: scraped(port), "node_exporter", 30)
        tap.check("\nffntp_up 1\n" in text and "\nnode_textfile_scrape_error 0\n" in text, text[-2000:])
        tap.check("# TYPE ffntp_source_replies_total counter\n" in text and "# TYPE ffntp_status gauge\n" in text, text)
        tool.write(folder, "ffntp.prom", tool.ffntp("metrics", "--page", page)[1])
        text = tap.wait_for(lambda: scraped(port), "node_exporter again", 30)
        tap.check("\nnode_textfile_scrape_error 1\n" in text, "node_exporter reads OpenMetrics, too")


def scraped(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10 * tap.PATIENCE) as answer:
            return answer.read().decode()
    except OSError:
        return None


# --- a Prometheus of our own ---

def queries():
    """Return the dashboard's queries, as Grafana sends them."""
    with open(f"{MONITORING}/dashboard.json") as f:
        found = re.findall(r'"expr": ("(?:\\.|[^"\\])*")', f.read())
    return [json.loads(each).replace("$instance", ".*").replace("$__rate_interval", "1m").replace("$__interval", "15s") for each in found]


def ask(port, path, **parameters):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/{path}?{urllib.parse.urlencode(parameters)}", timeout=10 * tap.PATIENCE) as answer:
            return json.load(answer)["data"]
    except OSError:
        return None


@contextlib.contextmanager
def prometheus(folder, targets):
    """Run a Prometheus that often scrapes the targets; yields its port."""
    port = tap.free_tcp_port()
    jobs = "".join(f"  - job_name: {name}\n    static_configs:\n      - targets: ['127.0.0.1:{target}']\n" for name, target in targets.items())
    interval = f"{round(tap.PATIENCE)}s"    # within which an exporter must have answered
    tool.write(folder, "prometheus.yml", f"global:\n  scrape_interval: {interval}\n  evaluation_interval: {interval}\nrule_files: ['{MONITORING}/ffntp-rules.yml']\n"
                                         f"scrape_configs:\n{jobs}")
    argv = [packages.program("prometheus", "/usr/bin/prometheus"), f"--config.file={folder}/prometheus.yml",
            f"--storage.tsdb.path={folder}/data", f"--web.listen-address=127.0.0.1:{port}"]
    with tap.process(argv, f"{folder}/prometheus.log", cwd=folder) as running:
        tap.wait_for(lambda: ask(port, "status/config") or running.poll() is not None, "Prometheus", 60)
        tap.check(running.poll() is None, "Prometheus ended")
        yield port


def value(port, query):
    """Return the value of a query with one result, else None."""
    answer = ask(port, "query", query=query)
    return float(answer["result"][0]["value"][1]) if answer and len(answer["result"]) == 1 else None


def listening(folder, name, page, port):
    return tap.process([tool.FFNTP, "metrics", "--page", page, "--listen", f"127.0.0.1:{port}"], f"{folder}/{name}.log")


def test_a_prometheus_scrapes_them(folder):
    """One exporter has a page, the other one none: its alert must be pending."""
    good, bad = tap.free_tcp_port(), tap.free_tcp_port()
    with contextlib.ExitStack() as stack:
        page = stack.enter_context(tool.kept_page(folder, stack.enter_context(fake.Server())))
        stack.enter_context(listening(folder, "good", page, good))
        stack.enter_context(listening(folder, "bad", f"{folder}/none", bad))
        port = stack.enter_context(prometheus(folder, {"ffntp": good, "other": bad}))
        tap.wait_for(lambda: value(port, 'ffntp_up{job="ffntp"}') == 1 and value(port, 'ffntp_up{job="other",reason="missing"}') == 0, "scrapes", 30)
        tap.wait_for(lambda: 0 < (value(port, "ffntp_bound_seconds") or 0) < 1, "the bound")
        tap.wait_for(lambda: value(port, 'ffntp_status{ffntp_status="synchronised"}') == 1, "the status")
        late_s = "timestamp(ffntp_reading_timestamp_seconds) - ffntp_reading_timestamp_seconds"
        tap.check(abs(tap.wait_for(lambda: value(port, late_s), "the time")) < 5 * tap.PATIENCE, "the time")
        kinds = tap.wait_for(lambda: ask(port, "targets/metadata", metric="ffntp_status"), "the metadata")
        tap.check({kind["type"] for kind in kinds} == {"stateset"}, f"not scraped as OpenMetrics: {kinds}")
        tap.wait_for(lambda: all(target["health"] == "up" for target in (ask(port, "targets") or {"activeTargets": [{"health": ""}]})["activeTargets"]),
                     "both targets")

        def pending():
            answer = ask(port, "rules")
            rules = answer["groups"][0]["rules"] if answer and answer["groups"] else []
            tap.check(all(rule["health"] != "err" for rule in rules), f"{rules}")
            return {alert["labels"]["job"] for rule in rules if rule["name"] == "FfntpNoTime" for alert in rule["alerts"]} == {"other"}
        tap.wait_for(pending, "the alert", 30)
        check_queries(port)


def check_queries(port):
    """Each query is valid; those of a machine with one server soon have a result, but for what did not happen there."""
    for query in queries():
        tap.check(ask(port, "query", query=query) is not None, f"invalid: {query}")
        if not any(word in query for word in ("changes", 'verdict!=', "ffntp_tai_expiry", "frequency_offset")):
            tap.wait_for(lambda: (ask(port, "query", query=query) or {"result": None})["result"], f"a result of {query}", 60)
    tap.check(len(queries()) > 20, f"{len(queries())} queries")


if __name__ == "__main__":
    tap.run(sys.modules[__name__], together=2)
