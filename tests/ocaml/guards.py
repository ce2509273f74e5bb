#!/usr/bin/env python3
"""Takes each guard out of the OCaml binding, one at a time, and sees the test of its case fail. Writes TAP.

    guards.py                   every row
    guards.py --find            only check that each row's guard is found, which takes seconds
    guards.py --only WORD ...   rows with this file (lwt/ffntp_lwt.ml), function, test program or expected test case

As tests/guards.py does for core. A row: the test program, the function, the guard, what stands in its place, and the
test case that must fail. A program that crashes or does not end fails in all of its cases.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from guardtext import Sources

TOP = Path(__file__).resolve().parents[2]
BINDING = TOP / 'bindings/ocaml'
TIME_LIMIT_S = 10 * float(os.environ.get('PATIENCE', '1'))
# The runtime that overwrites values which the collector has moved away.
RUNTIME = '_,runtime-variant=d'

# The test programs, below the binding.
PROGRAMS = {'ffntp': 'test/test_ffntp', 'calibrate': 'test/test_calibrate', 'clock': 'test/test_clock',
            'ensemble': 'test/test_ensemble', 'lwt': 'test/test_lwt', 'nts': 'test/test_nts', 'host': 'mirage/test/test_host',
            'job': 'mirage/test/test_job'}

GUARDS = [
    ('ffntp', 'ffntp_ml_client_output', 'ffntp_client_output(copy,', 'ffntp_client_output(client_of(client),',
     'states are values'),
    ('ffntp', 'ffntp_ml_copy_state', 'copy(ffntp_ml_state_of(former)->memory, state->memory, state->size)',
     '((void)copy, ffntp_ml_state_of(former)->memory)', 'states are values'),
    ('ffntp', 'count_of', '|| Long_val(v) > FFNTP_POLL_MOST_S', '', 'refuses configurations'),
    ('ffntp', 'ffntp_ml_client_create', 'if (size == 0)', 'if (false)', 'refuses configurations'),
    ('ffntp', 'ffntp_ml_client_continue', 'former.counter_kind != ffntp_ml_state_of(client)->counter_kind ||', '', 'continues'),
    ('ffntp', 'entry_of', 'return entry->tai_offset_s == Long_val(Field(v, 1));', 'return true;', 'tai'),
    ('ffntp', 'ffntp_ml_leap_table_make', 'if (result != FFNTP_TIMESCALE_OK)', 'if (false)', 'tai'),
    ('ffntp', 'ffntp_ml_client_query', 'caml_invalid_argument("Ffntp.Client.new_query: the nonce is 0");', ';',
     'refuses rubbish'),
    ('ffntp', 'ffntp_ml_client_reply', 'Caml_ba_data_val(buffer) + Long_val(offset)', 'Caml_ba_data_val(buffer)',
     'refuses rubbish'),
    ('ffntp', 'ffntp_ml_session_input', 'if (!ffntp_session_has_effect(session_of(session), &input))', 'if (false)',
     'session'),
    ('ffntp', 'read_argument', 'Caml_ba_data_val(Field(argument, 0)) + Long_val(Field(argument, 1))',
     'Caml_ba_data_val(Field(argument, 0))', 'session'),
    ('ffntp', 'ffntp_ml_check_input', 'input->map->counter_kind != kind ||', '', 'a session continues'),
    ('ffntp', 'ffntp_ml_session_create', 'if (size == 0)', 'if (false)', 'a session continues'),
    ('ffntp', 'ffntp_ml_constructor', 'number > last ? 0 : (int)number', '(int)(last > 0 ? number : 0)',
     'nonsense in pages'),
    ('ffntp', 'cap_of', 'if (cap_ns < 0) return 0;', '', 'refuses to read'),
    ('ffntp', 'copy_reading', 'latest = copy_d_ps_up(reading->latest)', 'latest = ffntp_ml_copy_d_ps(reading->latest)',
     'rounds outwards'),
    ('ffntp', 'set_leap_second', 'if (map->time.s - map->tai_offset_s >= midnight_s)', 'if (false)',
     'a leap second of before'),
    ('ffntp', 'set_leap_second', '- (numbering.sign < 0);', ';', 'mock is steered'),
    ('ffntp', 'ffntp_ml_judge', '&& ffntp_reading_is_set_back(map, now) ?', '&& false ?', 'clock'),
    ('ffntp', 'ffntp_ml_judge', 'ffntp_reading_is_set_back(map, now) ?', '(int64_t)(now - map->at) < 0 ?', 'clock'),
    ('ffntp', 'ffntp_ml_page_check', 'if ((uintptr_t)Caml_ba_data_val(v) % _Alignof(struct ffntp_page) != 0)',
     'if (false)', 'refuses pages'),
    ('ffntp', 'ffntp_ml_page_check', '(size_t)Caml_ba_array_val(v)->dim[0]', 'FFNTP_PAGE_SIZE', 'refuses pages'),
    ('ffntp', 'read_page', 'look->map.counter_kind != kind ||', '', 'nonsense in pages'),
    ('ffntp', 'ffntp_ml_clock_publish', 'if (map.counter_kind != clock->kind)', 'if (false)', 'clock'),
    ('ffntp', 'ffntp_ml_clock_set_period', '&& map.status == FFNTP_STATUS_INITIALISING', '', 'set source'),
    ('ffntp', 'read_clock', 'return ffntp_ml_judge(&look->map, look->now);', 'return FFNTP_CLOCK_OK;', 'clock'),
    ('ffntp', 'create', 'check "create" source;', '', 'set source'),
    ('ffntp', 'set_source', 'check "set_source" source;', '', 'set source'),
    ('ffntp', 'set_counter', 'if clock.source.kind <> Counter.Manual then', 'if false then', 'counters'),
    ('ffntp', 'is_time', '&& ps >= 0L', '', 'refuses to read'),
    ('ffntp', 'is_time', 'd <= 2_932_896 &&', '', 'refuses to read'),
    ('ffntp', 'make', '&& drift >= 0.', '', 'refuses to read'),
    ('ffntp', 'is_midnight', 's mod 86_400 = 0 &&', '', 'refuses to read'),
    ('ffntp', 'now_d_ps', 'try Clock.now_d_ps (C.clock ()) with Sys_error _ -> other ()',
     'ignore other; Clock.now_d_ps (C.clock ())', 'otherwise'),
    ('ffntp', 'set', 'if contradict before (Output.read (output t) t.at) then disrupt t;', 'ignore before;',
     'mock is steered'),
    ('ffntp', 'set', '+ leapt t time - leapt t t.time', '', 'mock is steered'),
    ('ffntp', 'ffntp_ml_clock_steady', 'if (result == FFNTP_CLOCK_STEADY)', 'if (false)', 'steady'),
    ('calibrate', 'measure', 'Float.min 0.5', 'Float.min 0.1', 'a slow host'),
    ('calibrate', 'clock', 'if period_error < 0.01 then Lwt.return_unit else', 'ignore period_error;', 'measures'),
    ('calibrate', 'look', 'else if Int64.sub now_ns ns <> 1_000_000_000L then go_on None', '', 'no seconds'),
    ('calibrate', 'by_seconds', 'if left = 0 then', 'if left = max_int then', 'no seconds'),
    ('calibrate', 'asked_s', 'Some stretch -> left_s /. stretch', 'Some _ -> left_s', 'an RTC'),
    ('clock', 'ffntp_ml_clock_reckoned', 'if (utc_at_0_ns == NO_TIME)', 'if (false)', 'reckoned'),
    ('clock', 'keep_time', 'if (read_utc(clock, &look, &reading) != FFNTP_CLOCK_OK)',
     'if (read_utc(clock, &look, &reading) == FFNTP_CLOCK_BUSY)', 'reckoned'),
    ('clock', 'd_ps_of_ns', 'if rest < 0L then Int64.add rest day_ns else rest', 'rest', 'days and picoseconds'),
    ('host', 'is_set', 'wall_ns >= release_ns', 'wall_ns > 0L', "no host's clock"),
    ('host', 'elapsed_error', 'if has_whole_seconds (wall_ns ()) then 0.5 else 0.01', 'ignore wall_ns; 0.01', 'this host'),
    ('host', 'unbounded', '| Some ns when is_set ns ->', '| Some ns ->', 'never before the release'),
    ('host', 'now_d_ps', 'try Clock.now_d_ps t.clock with Sys_error _ -> unbounded_d_ps t', 'Clock.now_d_ps t.clock',
     'the host tells'),
    ('host', 'tolerance', '(Int64.add step_ns reading_ns)', '(ignore reading_ns; step_ns)', 'whole seconds'),
    ('host', 'tolerance', '+. (Clock.source t.clock).period_error', '', 'whole seconds'),
    ('host', 'tolerance', '0.1 +.', '0. +.', 'slew'),
    ('host', 'is_disrupted', 'former.has_time && latest.has_time &&', '', 'nothing to disrupt'),
    ('host', 'is_disrupted', 'is_set former.wall_ns && is_set latest.wall_ns &&', '', 'nothing to disrupt'),
    ('host', 'watch', 'if !is_watched &&', 'ignore !is_watched; if', 'suspension'),
    ('host', 'watch', '>= interval_ns', '>= 0L', 'suspension'),
    ('lwt', 'tell', 'try t.on_event event with e -> !Lwt.async_exception_hook e', 't.on_event event',
     'a callback raises'),
    ('lwt', 'continue_from_clock', 'put t All (Session.Former output)', 'ignore output', 'started again'),
    ('lwt', 'fail', '| e -> !Lwt.async_exception_hook e);', '| _ -> ());', 'no timer'),
    ('lwt', 'find_peer', 'candidate.port = src_port', '(ignore src_port; candidate.port > 0)', 'another port'),
    ('lwt', 'handle_of', 'if verdict = Client.Accepted then hang_up t peer;', '', 'keeps time'),
    ('lwt', 'handle_of', '| Unanswered -> hang_up t peer;', '| Unanswered ->', 'silence'),
    ('lwt', 'ask', 'hang_up t peer; put_to', 'put_to', 'nothing to send with'),
    ('lwt', 'ask', 'put_to t peer (Session.Pause_until (after t retry_s));', '', 'nothing to send with'),
    ('lwt', 'ask_if_wanted', 't.is_running &&', '', 'stopped from a callback'),
    ('lwt', 'resolve', 'Lwt.pick [ answer; late;', 'ignore late; Lwt.pick [ answer;', 'stuck'),
    ('lwt', 'unresolved', 'peer.wants_address <- false', 'peer.current <- None', 'the name service fails'),
    ('lwt', 'unresolved', 'else leave t peer', '', 'some have no address'),
    ('lwt', 'stop', 'Lwt_condition.broadcast t.halt ();', '', 'no server'),
    ('lwt', 'stop', 'Lwt_condition.broadcast t.halt (); Lwt_condition.broadcast t.wake ();',
     'Lwt_condition.broadcast t.halt ();', 'keeps time'),
    ('lwt', 'check', 'port < 1 || port > 65535', 'false && port > 0', 'other counter'),
    ('lwt', 'take', 'if not (is_at candidate peer) then', 'if false then', 'another server'),
    ('lwt', 'is_free', 'not (List.exists (fun other -> other != peer && is_at candidate other) t.peers)',
     '(ignore t; ignore peer; ignore candidate; true)', 'one address twice'),
    ('lwt', 'hang_up', 'if not (List.exists (has_port port) t.peers) then', '', 'one port for several'),
    ('lwt', 'not_sent', 'if number = peer.number then try_next t peer;', 'ignore number;', 'several addresses'),
    ('lwt', 'try_next', '&& not peer.has_answered', '', 'an address that answered'),
    ('lwt', 'try_next', 'lengthen_pause t peer', '()', 'no address answers'),
    ('lwt', 'try_next', 'put_to t peer (Session.Pause_until (after t peer.pause_s));', '', 'no address answers'),
    ('lwt', 'verified', 'Option.value ~default:crypto_nak (try unseal datagram with _ -> None)',
     '(ignore crypto_nak; ignore unseal; datagram)',
     'authentication'),
    ('lwt', 'verified', 'try unseal datagram with _ -> None', 'unseal datagram', 'authentication'),
    ('lwt', 'choose_port', 'else if attempts = 1 then failwith "the generator of random numbers repeats itself"', '',
     'a stuck generator'),
    ('ensemble', 'ffntp_ml_copy_state', 'copy(ffntp_ml_state_of(former)->memory, state->memory, state->size)',
     '((void)copy, ffntp_ml_state_of(former)->memory)', 'states of ensembles'),
    ('ensemble', 'has_effect', 'ffntp_session_has_effect(session_of(ensemble, Field(target, 0)), input)',
     'session_of(ensemble, Field(target, 0)) == NULL || input != NULL', 'states of ensembles'),
    ('ensemble', 'ffntp_ml_ensemble_input',
     'ffntp_ml_check_input(&input, ffntp_ml_state_of(ensemble)->counter_kind);', '', 'refuses ensembles'),
    ('ensemble', 'ffntp_ml_ensemble_create', 'if (size == 0)', 'if (false)', 'refuses ensembles'),
    ('ensemble', 'ffntp_ml_ensemble_add', 'ffntp_client_memory(&config.client) == 0 ||', '', 'refuses ensembles'),
    ('ensemble', 'ffntp_ml_ensemble_add', '|| config.client.counter_kind != ffntp_ml_state_of(ensemble)->counter_kind',
     '', 'refuses ensembles'),
    ('ensemble', 'size_of', 'Long_val(v) < 0 || Long_val(v) > FFNTP_ENSEMBLE_MEMBERS', 'false', 'refuses ensembles'),
    ('ensemble', 'find_session', 'Long_val(member) < 0 || Long_val(member) >= FFNTP_ENSEMBLE_MEMBERS', 'false',
     'members'),
    ('ensemble', 'ensemble_stubs.c:session_of', 'if (session == NULL)', 'if (false)', 'members'),
    ('ensemble', 'member_config', 'room > 1 ? FFNTP_LEAP_TRUST_CALLER : FFNTP_LEAP_TRUST_SERVER',
     'room > 64 ? FFNTP_LEAP_TRUST_CALLER : FFNTP_LEAP_TRUST_SERVER', 'leap seconds'),
    ('lwt', 'channel', 'keys := next; Ok datagram', 'ignore next; Ok datagram', 'nts'),
    ('lwt', 'channel', 'keys := next; Some packet', 'ignore next; Some packet', 'nts'),
    ('nts', 'add', 'is_known ||', '', 'branches'),
    ('nts', 'check_aead', '|| key_size > 32', '', 'impossible'),
    ('nts', 'check_aead', '|| nonce_size > 16', '', 'impossible'),
    ('nts', 'nts.ml:create', 'if String.length c2s_key <> aead.key_size || String.length s2c_key <> aead.key_size then',
     'if false then', 'impossible'),
    ('nts', 'nts.ml:create', 'if not (List.for_all (fun cookie -> is_cookie_size (String.length cookie)) cookies) then',
     'if false then', 'impossible'),
    ('nts', 'claim', 'if take cookie.unused then', 'if (ignore take; cookie.bytes <> "") then', 'states are values'),
    ('nts', 'nts.ml:request', 'if String.length random <> random_size then', 'if false then', 'impossible'),
    ('nts', 'nts.ml:request', 'if Cstruct.length packet <> packet_size then', 'if false then', 'impossible'),
    ('nts', 'accept', 'if take harvest then', 'if (ignore harvest; true) then', 'branches'),
    ('nts', 'ffntp_ml_nts_take', 'atomic_exchange(token_of(token), true)', 'atomic_load(token_of(token))',
     'states are values'),
    ('nts', 'take_bytes', 'if (caml_string_length(string) != size) return false;', '', 'a bad algorithm'),
    ('nts', 'unseal', 'Is_block(result) &&', '', 'forged'),
    ('nts', 'ffntp_ml_nts_request', 'if (exception != Val_unit) caml_raise(exception);', '', 'a bad algorithm'),
    ('nts', 'ffntp_ml_nts_reply', 'if (exception != Val_unit) caml_raise(exception);', '', 'a bad algorithm'),
    ('nts', 'ffntp_ml_nts_reply', '+ Long_val(Field(datagram, 1))', '', 'exchanges'),
    ('nts', 'next', 'if low = 0L then', 'if false then', 'the counter'),
    ('nts', 'decrypt', 'if String.length sealed < block then None', 'if false then None', 'the vectors of RFC 5297'),
    ('nts', 'decrypt', 'if is_equal received (vector mac_key strings text) then',
     'if (ignore mac_key; is_equal received received) then', 'the vectors of RFC 5297'),
    ('job', 'is_server', '(not (Ipaddr.is_multicast address)) &&', '', 'names of servers'),
    ('job', 'with_port', 'port >= 1 &&', '', 'names of servers'),
    ('job', 'with_port', '&& String.for_all is_digit text', '', 'names of servers'),
    ('job', 'attempt', '(fun e -> Lwt.return_error (Printexc.to_string e))', 'Lwt.fail', 'both versions'),
    ('job', 'first_of_both', '>>= fun () -> Sleep.ns patience_ns', '>>= fun () -> ignore patience_ns; never ()',
     'both versions'),
    ('job', 'report', 'if Hashtbl.find_opt t server <> Some problem then', 'if true then', 'never resolved'),
    ('job', 'without_repetition', 'List.filteri (fun i _ -> i < most) distinct', 'distinct', 'impossible'),
    ('job', 'without_repetition',
     'if List.mem (Name.to_string name) (List.map Name.to_string kept) then kept else', '', 'dhcp'),
    ('job', 'begin_job', 'if t.state = Starting then', '', 'calibration'),
    ('job', 'begin_job', 'if t.state <> Stopped then idle t (text e) advice;', 'ignore e;',
     'impossible'),
    ('job', 'ffntp_job.ml:stop', '| Some stopping -> stopping', '| Some _ when false -> Lwt.return_unit', 'the watch'),
]


# Declarations that register values with the collector; without them values move away.
ROOTS = [
    ('ffntp', 'copy_reading', 'CAMLlocal5(earliest, estimate, latest, asymmetry, record);',
     'value earliest, estimate, latest, asymmetry, record;', 'survives the collector'),
    ('ffntp', 'copy_duration', 'CAMLlocal2(ns, record);', 'value ns, record;', 'survives the collector'),
    ('ffntp', 'ffntp_ml_copy_d_ps', 'CAMLlocal2(ps, pair);', 'value ps, pair;', 'survives the collector'),
    ('ffntp', 'ffntp_ml_block_of', 'CAMLparam1(v);', 'CAMLparam0();', 'survives the collector'),
    ('ffntp', 'ffntp_ml_pair', 'CAMLparam2(first, second);', 'CAMLparam0();', 'states are values'),
    ('ffntp', 'changed', 'CAMLparam2(client, now); CAMLlocal1(v);', 'CAMLparam0(); value v;',
     'survives the collector'),
]
GUARDS += ROOTS
CASES = {guard[4] for guard in GUARDS}


class Bench:
    """A copy of the binding, in which one file can be built without its guard."""

    def __init__(self, folder):
        self.folder = Path(folder)
        for part in ('core', 'include', 'nts', 'ports/linux', 'bindings/ocaml'):
            shutil.copytree(TOP / part, self.folder / part)
        for part in ('dune', 'dune-project', 'ffntp.opam', 'ffntp-mirage.opam'):
            shutil.copy(TOP / part, self.folder / part)

    def run(self, command):
        return subprocess.run(command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors='replace', check=False,
                              env=dict(os.environ, OCAMLPARAM=RUNTIME), timeout=TIME_LIMIT_S * 10)

    def compile(self, test):
        """Return the error, or nothing. Warnings do not count, because a removed guard leaves something unused."""
        done = self.run(['dune', 'build', '--root', '.', '--profile', 'release', '-j1',
                         f'bindings/ocaml/{PROGRAMS[test]}.exe'])
        return done.stdout if done.returncode else ''

    def failing(self, test):
        """Return the names of the test cases that fail, and the program's output."""
        program = f'_build/default/bindings/ocaml/{PROGRAMS[test]}.exe'
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

    def without(self, guard, place):
        """Return why the guard's test does not guard it, or nothing."""
        test, _, _, new, expected = guard
        source = self.folder / place.path.relative_to(TOP)
        text = source.read_text()
        source.write_text(text[:place.begin] + new + text[place.end:])
        error = self.compile(test)
        failing, said = (set(), error) if error else self.failing(test)
        source.write_text(text)
        if any(case.startswith(expected) for case in failing):
            return []
        return [f'fails instead: {sorted(failing) or "nothing"}', said]


def write(number, is_ok, name, remarks):
    print('ok' if is_ok else 'not ok', number, '-', name, flush=True)
    for line in '\n'.join(filter(None, remarks)).splitlines()[-40:]:
        print('#', line, flush=True)


def report_found(found):
    """Write whether each row's guard is found."""
    print(f'1..{len(found)}')
    for number, (guard, place, remark) in enumerate(found, 1):
        write(number, place, f'{guard[4]}, its guard in {guard[1]}', [remark])
    return all(place for _, place, _ in found)


def report_removed(found):
    """Write whether the expected test case fails without each guard."""
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(f'{folder}/binding')
        print(f'1..{len(found) + 1}', flush=True)
        broken = []
        for test in PROGRAMS:
            error = bench.compile(test)
            failing, said = (set(), error) if error else bench.failing(test)
            broken += [*sorted(failing), *([said] if said else [])]
        write(1, not broken, 'all tests pass with every guard in place', broken)
        for number, (guard, place, remark) in enumerate(found, 2):
            problems = bench.without(guard, place) if place else []
            failed += bool(problems) or not place
            write(number, place and not problems, f'{guard[4]}, without its guard in {guard[1]}', [*problems, remark])
    return not failed and not broken


def is_wanted(guard, place, words):
    path = f'/{place.path}' if place else ''
    names = [guard[0], guard[1].rpartition(':')[2]]
    return not words or any(word in names or guard[4].startswith(word) or path.endswith(f'/{word}') for word in words)


def main():
    parser = argparse.ArgumentParser(description='Take guards out of the OCaml binding, and see tests fail.')
    parser.add_argument('--find', action='store_true', help='only check that each guard is found')
    parser.add_argument('--only', nargs='+', default=[], metavar='WORD', help='file, function, program or test case')
    options = parser.parse_args()
    sources = Sources(BINDING, ['**/*.c', '**/*.ml'])
    found = [(guard, *sources.find(guard[1], guard[2])) for guard in GUARDS]
    wanted = [row for row in found if is_wanted(row[0], row[1], options.only)]
    if not wanted:
        sys.exit(f'guards.py: no row has {" or ".join(options.only)}')
    sys.exit(0 if (report_found if options.find else report_removed)(wanted) else 1)


if __name__ == '__main__':
    main()
