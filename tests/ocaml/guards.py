#!/usr/bin/env python3
"""Takes each guard out of the OCaml binding, one at a time, and sees the test of its case fail. Writes TAP.

Usage: guards.py [TOP]

As tests/guards.py does for core. A row: the test program, the file, the guard, what stands in its place, and the test
case that must fail. A guard that is no longer found in the file is a failure too; how it is broken into lines does not
matter. A program that crashes or does not end fails
in all of its cases.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parents[2])
TIME_LIMIT_S = 10 * float(os.environ.get('PATIENCE', '1'))
# The runtime that overwrites values which the collector has moved away.
RUNTIME = '_,runtime-variant=d'

CLIENT, CLOCK, OUTPUT, PAGE = 'client_stubs.c', 'clock_stubs.c', 'output_stubs.c', 'page_stubs.c'
VALUE, CLOCK_ML, OUTPUT_ML, MIRAGE = 'value_stubs.c', 'clock.ml', 'output.ml', 'mirage.ml'
MOCK, LWT = 'mock/ffntp_mock.ml', 'lwt/ffntp_lwt.ml'

GUARDS = [
    ('ffntp', CLIENT, 'ffntp_client_output(copy, ', 'ffntp_client_output(held->client, ', 'states are values'),
    ('ffntp', CLIENT, 'ffntp_client_copy(client_of(former), memory, held_of(v)->size)',
     '(held_of(former)->block = NULL, (void)memory, client_of(former))', 'states are values'),
    ('ffntp', CLIENT, '|| Long_val(v) > FFNTP_POLL_MOST_S', '', 'refuses configurations'),
    ('ffntp', CLIENT, 'if (size == 0)', 'if (false)', 'refuses configurations'),
    ('ffntp', CLIENT, 'former.counter_kind != held_of(client)->counter_kind ||', '', 'continues'),
    ('ffntp', CLIENT, 'return entry->tai_offset_s == Long_val(Field(v, 1));', 'return true;', 'tai'),
    ('ffntp', CLIENT, 'if (result != FFNTP_TIMESCALE_OK)', 'if (false)', 'tai'),
    ('ffntp', CLIENT, 'caml_invalid_argument("Ffntp.Client.new_query: the nonce is 0");', ';', 'refuses rubbish'),
    ('ffntp', CLIENT, 'Caml_ba_data_val(buffer) + Long_val(offset)', 'Caml_ba_data_val(buffer)', 'refuses rubbish'),
    ('ffntp', VALUE, 'number > last ? 0 : (int)number', '(int)(last > 0 ? number : 0)', 'nonsense in pages'),
    ('ffntp', OUTPUT, 'if (cap_ns < 0)\nreturn 0;', '', 'refuses to read'),
    ('ffntp', OUTPUT, 'latest = copy_d_ps_up(reading->latest)', 'latest = ffntp_ml_copy_d_ps(reading->latest)',
     'rounds outwards'),
    ('ffntp', OUTPUT, 'if (map->time.s - map->tai_offset_s >= midnight_s)', 'if (false)', 'a leap second of before'),
    ('ffntp', OUTPUT, '- (numbering.sign < 0);', ';', 'mock is steered'),
    ('ffntp', PAGE, '&& ffntp_reading_is_set_back(map, now) ?', '&& false ?', 'clock'),
    ('ffntp', PAGE, 'ffntp_reading_is_set_back(map, now) ?', '(int64_t)(now - map->at) < 0 ?', 'clock'),
    ('ffntp', PAGE, 'if ((uintptr_t)Caml_ba_data_val(v) % _Alignof(struct ffntp_page) != 0)', 'if (false)',
     'refuses pages'),
    ('ffntp', PAGE, '(size_t)Caml_ba_array_val(v)->dim[0]', 'FFNTP_PAGE_SIZE', 'refuses pages'),
    ('ffntp', PAGE, 'look->map.counter_kind != kind ||', '', 'nonsense in pages'),
    ('ffntp', CLOCK, 'if (map.counter_kind != clock->kind)', 'if (false)', 'clock'),
    ('ffntp', CLOCK, '&& map.status == FFNTP_STATUS_INITIALISING', '', 'set source'),
    ('ffntp', CLOCK, 'return ffntp_ml_judge(&look->map, look->now);', 'return FFNTP_CLOCK_OK;', 'clock'),
    ('ffntp', CLOCK_ML, 'check "create" source;', '', 'set source'),
    ('ffntp', CLOCK_ML, 'check "set_source" source;', '', 'set source'),
    ('ffntp', CLOCK_ML, 'if clock.source.kind <> Counter.Manual then', 'if false then', 'counters'),
    ('ffntp', OUTPUT_ML, '&& ps >= 0L', '', 'refuses to read'),
    ('ffntp', OUTPUT_ML, 'd <= 2_932_896 &&', '', 'refuses to read'),
    ('ffntp', OUTPUT_ML, '&& drift >= 0.', '', 'refuses to read'),
    ('ffntp', OUTPUT_ML, 's mod 86_400 = 0 &&', '', 'refuses to read'),
    ('ffntp', MIRAGE, 'try Clock.now_d_ps (C.clock ()) with Sys_error _ -> other ()',
     'ignore other; Clock.now_d_ps (C.clock ())', 'otherwise'),
    ('ffntp', MOCK, 'if contradict before (Output.read (output t) t.at) then disrupt t;', 'ignore before;',
     'mock is steered'),
    ('ffntp', MOCK, '+ leapt t time - leapt t t.time', '', 'mock is steered'),
    ('lwt', LWT, 'try t.on_event event with e -> !Lwt.async_exception_hook e', 't.on_event event', 'a callback raises'),
    ('lwt', LWT, 'if Output.status output <> Initialising || not (has_time t.clock) then', '', 'started again'),
    ('lwt', LWT, '-> Client.continue output client', '-> ignore output; client', 'started again'),
    ('lwt', LWT, '| e -> !Lwt.async_exception_hook e);', '| _ -> ());', 'no timer'),
    ('lwt', LWT, '&& src_port = server_port', '', 'another port'),
    ('lwt', LWT, 'if verdict = Client.Accepted then hang_up t;', '', 'keeps time'),
    ('lwt', LWT, 'hang_up t; tell t (Not_sent (Printexc.to_string e));', 'tell t (Not_sent (Printexc.to_string e));',
     'nothing to send with'),
    ('lwt', LWT, 'if is_set_back then disrupted t', 'ignore is_set_back', 'set back'),
    ('lwt', LWT, 'Lwt.pick [ found; late;', 'ignore late; Lwt.pick [ found;', 'stuck'),
    ('lwt', LWT, '| Some server -> run t server\n| None', '| Some _ | None', 'the name service fails'),
    ('lwt', LWT, 'else patience_left_s t in', 'else longest_s in', 'silence'),
    ('lwt', LWT, 'Lwt_condition.broadcast t.halt ();', '', 'no server'),
    ('lwt', LWT, 'Lwt_condition.broadcast t.halt ();\nLwt_condition.broadcast t.wake ();',
     'Lwt_condition.broadcast t.halt ();', 'keeps time'),
    ('lwt', LWT, '(not t.is_running) ||', '', 'stopped from a callback'),
    ('lwt', LWT, 'port < 1 || port > 65535', 'false && port > 0', 'other counter'),
    ('lwt', LWT, 'if t.former <> None && t.former <> Some server then', 'if false then', 'another server'),
]


# Declarations that register values with the collector; without them values move away.
ROOTS = [
    ('ffntp', OUTPUT, 'CAMLlocal5(earliest, estimate, latest, asymmetry, record);',
     'value earliest, estimate, latest, asymmetry, record;', 'survives the collector'),
    ('ffntp', OUTPUT, 'CAMLlocal2(ns, record);', 'value ns, record;', 'survives the collector'),
    ('ffntp', VALUE, 'CAMLlocal2(ps, pair);', 'value ps, pair;', 'survives the collector'),
    ('ffntp', VALUE, 'CAMLparam1(v);', 'CAMLparam0();', 'survives the collector'),
    ('ffntp', CLIENT, 'CAMLparam2(first, second);', 'CAMLparam0();', 'states are values'),
    ('ffntp', CLIENT, 'CAMLparam2(client, now);\nCAMLlocal1(v);', 'CAMLparam0();\nvalue v;', 'survives the collector'),
]
GUARDS += ROOTS
CASES = {guard[4] for guard in GUARDS}


class Bench:
    """A copy of the binding, in which one file can be built without its guard."""

    def __init__(self, folder):
        self.folder = Path(folder)
        for part in ('core', 'include', 'ports/linux', 'bindings/ocaml'):
            shutil.copytree(TOP / part, self.folder / part)
        for part in ('dune', 'dune-project', 'ffntp.opam'):
            shutil.copy(TOP / part, self.folder / part)

    def run(self, command):
        return subprocess.run(command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors='replace', check=False,
                              env=dict(os.environ, OCAMLPARAM=RUNTIME), timeout=TIME_LIMIT_S * 10)

    def compile(self, test):
        """Compile; return the error, or nothing. Warnings do not count, because a removed guard leaves something unused."""
        done = self.run(['dune', 'build', '--root', '.', '--profile', 'release', '-j1',
                         f'bindings/ocaml/test/test_{test}.exe'])
        return done.stdout if done.returncode else ''

    def failing(self, test):
        """Return the names of the test cases that fail, and the program's output."""
        program = f'_build/default/bindings/ocaml/test/test_{test}.exe'
        try:
            done = subprocess.run([program, '--color=never'], cwd=self.folder, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                                  timeout=TIME_LIMIT_S)
        except subprocess.TimeoutExpired:
            return set(CASES), ''
        if done.returncode < 0:
            return set(CASES), ''
        failed = re.findall(r'\[FAIL\]\s+\S+\s+\d+\s+(.*?)\.?\s*│?$', done.stdout, re.MULTILINE)
        return set(failed), done.stdout if done.returncode and not failed else ''

    def without(self, guard):
        """Return why the guard's test does not guard it, or nothing."""
        test, name, old, new, expected = guard
        source = self.folder / 'bindings/ocaml' / name
        text = source.read_text()
        pattern = r'\s+'.join(re.escape(word) for word in old.split())
        without, found = re.subn(pattern, lambda _: new, text)
        if found != 1:
            return [f'found {found} times: {old}']
        source.write_text(without)
        error = self.compile(test)
        failing, said = (set(), error) if error else self.failing(test)
        source.write_text(text)
        if any(case.startswith(expected) for case in failing):
            return []
        return [f'fails instead: {sorted(failing) or "nothing"}', said]


def main():
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(f'{folder}/binding')
        print(f'1..{len(GUARDS) + 1}', flush=True)
        broken = [problem for test in ('ffntp', 'lwt')
                  for problem in (bench.compile(test), *bench.failing(test)) if problem]
        print('not ok' if broken else 'ok', '1 - all tests pass with every guard in place', flush=True)
        for number, guard in enumerate(GUARDS, 2):
            problems = bench.without(guard)
            failed += bool(problems)
            print('not ok' if problems else 'ok', number, '-', f'{guard[4]}, without its guard in {guard[1]}', flush=True)
            for line in '\n'.join(problems).splitlines()[-40:]:
                print('#', line)
    sys.exit(1 if failed or broken else 0)


main()
