#!/usr/bin/env python3
"""Takes each guard out of core, ports and daemon, one at a time, and sees the test of its case fail. Writes TAP.

    guards.py                   every row of GUARDS
    guards.py --assertions      every row of ASSERTIONS: breaks the code, and sees an assertion of core fail
    guards.py --find            only check that each row's guard is found, which takes seconds
    guards.py --only WORD ...   rows with this file (core/exchange.c), function, case, test program or expected test
    guards.py --update          write the functions into the rows whose guards have moved

A row: the case of the hostile network, the test program, the function, the guard, what stands in its place, and the
test that must fail. Files, comments and line breaks do not matter (guardtext.py). A guard that is no longer found, or
found more than once, is a failure too; one that has moved to a function of another name passes with a remark.
"""
import argparse
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from guardtext import Sources

TOP = Path(__file__).resolve().parents[1]
CC = os.environ.get('CC', 'cc').split()
FLAGS = ['-std=c11', '-ffp-contract=off', '-w', '-D_GNU_SOURCE', '-D__XEN_INTERFACE_VERSION__=0x00040e00', '-Iinclude',
         '-Itests/unikernel']
SANITIZED = ['-O1', '-fsanitize=address,undefined', '-fno-sanitize-recover=undefined']
# Programs without sanitizers: those that simulate hours, in which a missing guard shows as a wrong time, take a quarter
# of the time then; a sanitizer's own system calls are not among those that are allowed.
SIMULATING = {'beginning', 'confinement', 'ensemble', 'ensemble_journal', 'law_clock', 'law_density', 'law_stamps', 'leap', 'ruling',
              'trust'}
TIME_LIMIT_S = 40 * float(os.environ.get('PATIENCE', '1'))
WORKERS = min(os.cpu_count() or 1, 4)
SEARCHED = ['core/**/*.[ch]', 'nts/**/*.[ch]', 'ports/**/*.[ch]', 'daemon/**/*.[ch]']

# A test whose program is another's source.
SOURCES = {'solo5': 'tests/test_unikernel.c', 'minios': 'tests/test_unikernel.c'}

# The files from which a test is linked, besides core: the linker takes what it needs of them, fakes first.
CONFIG = ['daemon/config.c', 'daemon/configline.c', 'daemon/configparse.c', 'daemon/serverline.c', 'daemon/refclockline.c']
LINUX, GUEST = ['ports/linux/*.c', 'ports/standstill.c', 'nts/*.c'], ['ports/*.c', 'ports/guest/*.c', 'ports/guest/xen/*.c']
PARTS = {'follow': ['ports/*.c'],
         'journal': ['ports/*.c'],
         'ensemble_journal': ['ports/journal_*.c'],
         'standstill': ['ports/*.c'],
         'pci': GUEST,
         'virtio': GUEST,
         'xenstore': GUEST,
         'netfront': GUEST,
         'probe': GUEST,
         'counter': LINUX,
         'reader': LINUX,
         'stamping': LINUX,
         'wakeup': LINUX,
         'servers': LINUX,
         'loop': LINUX,
         'nts': LINUX,
         'ntslink': LINUX,
         'ntsstore': LINUX,
         'ntstls': LINUX,
         'statefile': ['daemon/statefile.c', 'daemon/ratelimits.c', 'daemon/log.c', *LINUX],
         'hostile': [*LINUX, 'ports/journal_*.c', 'daemon/log.c'],
         'config': [*CONFIG, *LINUX],
         'phc': LINUX,
         'keys': [*LINUX, 'daemon/serverkeys.c', *CONFIG, 'daemon/log.c'],
         'lookup': LINUX,
         'confinement': ['ports/linux/callfilter.c', 'ports/linux/readall.c', 'daemon/landlock.c', 'daemon/seccomp.c'],
         'srv': LINUX,
         'log': ['daemon/log.c'],
         'port': ['ports/*.c', 'ports/brook/*.c'],
         'solo5': ['tests/unikernel/fake.c', 'tests/unikernel/fake_solo5.c', 'ports/*.c', 'ports/solo5/*.c'],
         'minios': ['tests/unikernel/fake.c', 'tests/unikernel/fake_minios.c', 'ports/*.c', 'ports/minios/*.c']}
WRAPPED_LOOKUP = ['resolve_numeric', 'resolver_start', 'resolver_finish', 'resolver_abandon']
LINK = {'lookup': [f'-Wl,--wrap=ffntp_{name}' for name in WRAPPED_LOOKUP],
        'confinement': ['-lseccomp'],
        'counter': ['-Wl,--wrap=clock_gettime'],
        'ntstls': ['-lgnutls', *(f'-Wl,--wrap={name}' for name in ('gnutls_handshake', 'gnutls_certificate_set_x509_system_trust', 'clock_gettime'))],
        'wakeup': [f'-Wl,--wrap={name}' for name in ('open', 'open64', 'poll', 'pread', 'pread64', 'clock_gettime')],
        'loop': ['-Wl,--wrap=ffntp_udp_receive', '-Wl,--wrap=ffntp_counter_check']}
ARGUMENTS = {'client': ['law'], 'ruling': ['law']}

# Linked with each program: it runs only the tests whose names begin as TEST_FILTER does, if that is set.
FILTER = '''
#include <stdlib.h>
void cmocka_set_test_filter(const char *);
__attribute__((constructor)) static void choose(void)
{
	if (getenv("TEST_FILTER"))
		cmocka_set_test_filter(getenv("TEST_FILTER"));
}
'''

GUARDS = [
    ('vote', 'vote', 'ffntp_vote_count', 'count / 2 + 1', 'count / 2', 'test_the_bound_is'),
    ('vote', 'vote', 'ffntp_vote_count', 'if (order->count != count) begin_order(order, count);', '', 'test_the_bound_is'),
    ('vote', 'vote', 'first_point', 'while (ended < count && high[ended] < low[first]) ended++;', '', 'test_without_a_majority'),
    ('vote', 'vote', 'behind_last_point',
     'while (ahead < count && low[count - 1 - ahead] > high[count - 1 - behind]) ahead++;', '', 'test_the_bound_is'),
    ('vote', 'vote', 'ffntp_vote_agrees', 'vote->has_majority &&', '', 'test_who_agrees'),
    ('blend', 'blend', 'weigh', '(FFNTP_BLEND_FREEDOM - 2 + apart2)', '1', 'test_outliers'),
    ('blend', 'blend', 'ffntp_blend_shares', 'median(values, count)', 'values[0].value', 'test_outliers'),
    ('ensemble', 'ensemble', 'is_config', 'config->members >= 1 &&', '', 'test_memory_and'),
    ('ensemble', 'ensemble', 'is_config', 'config->members <= FFNTP_ENSEMBLE_MEMBERS &&', '', 'test_memory_and'),
    ('ensemble', 'ensemble', 'is_config', '&& config->least_sources <= FFNTP_ENSEMBLE_MEMBERS', '', 'test_memory_and'),
    ('ensemble', 'ensemble', 'ensemble.c:is_usable', 'size >= needed &&', '', 'test_memory_and'),
    ('ensemble', 'ensemble', 'ensemble.c:is_usable', '&& memory != NULL', '', 'test_memory_and'),
    ('ensemble', 'ensemble', 'ensemble.c:is_usable', '&& (uintptr_t)memory % ALIGNMENT == 0', '', 'test_memory_and'),
    ('ensemble', 'ensemble', 'ffntp_ensemble_copy', 'place_parts(copy);', '', 'test_a_copy'),
    ('ensemble', 'ensemble', 'ffntp_ensemble_copy', 'if (ensemble->member[i].session != NULL)', 'if (false)', 'test_a_copy'),
    ('ensemble', 'ensemble', 'ffntp_ensemble_add', 'if (member->session == NULL) return -1;', '', 'test_memory_and'),
    ('ensemble', 'ensemble', 'inherit', '|| ensemble->map.status != FFNTP_STATUS_INITIALISING', '',
     'test_a_former_map_that_comes_late'),
    ('ensemble', 'ensemble', 'inherit', 'if (!ensemble->keeps_former) return;', '', 'test_a_former_map_without'),
    ('ensemble', 'ensemble', 'compute_if_due', 'if (ensemble->keeps_former) return;', '', 'test_a_former_map_is'),
    ('ensemble', 'ensemble', 'input_to_member', 'if (ensemble->is_disrupted)', 'if (false)',
     'test_a_counter_that_was_set_back'),
    ('ensemble', 'ensemble', 'ffntp_ensemble_remove', 'member >= ensemble->config.members ||', '',
     'test_memory_and'),
    ('ensemble', 'ensemble', 'input_to_member', '&& has_new_stamp(&ensemble->member[number])', '', 'test_a_refused_reply'),
    ('ensemble', 'ensemble', 'has_new_stamp', 'member->session->client->association.accepted_at != member->learnt_at',
     'member->session->client->decision.verdict == FFNTP_ACCEPTED', 'test_an_incomplete'),
    ('ensemble', 'law_joint', 'update', 'ffntp_law_clock_predict(&clock, -late_s);', '', 'test_a_late_exchange'),
    ('ensemble', 'law_joint', 'update', 'if (!are_beliefs(&clock)) return;', '', 'test_an_exchange_that_is_outdated'),
    ('ensemble', 'ensemble', 'is_good_lead', '&& ensemble->member[number].is_fresh', '', 'test_the_majority_announces'),
    ('ensemble', 'ensemble', 'extend_to_candidates', 'i < clock->dissent.count', 'i < 0', 'test_a_server_in_doubt'),
    ('ensemble', 'ensemble', 'ffntp_member_is_candidate', '&& member->is_right', '', 'test_a_trusted'),
    ('ensemble', 'ensemble', 'ffntp_member_is_candidate', '&& !member->is_unused', '', 'test_an_unused'),
    ('ensemble', 'ensemble', 'ffntp_member_is_candidate', '&& !member->is_astray', '', 'test_a_least_number'),
    ('ensemble', 'ensemble', 'collect', '&& !member->is_unused', '', 'test_an_unused'),
    ('ensemble', 'ensemble', 'collect', '&& (member->is_fresh || !only_fresh)', '', 'test_servers_that_fall'),
    ('ensemble', 'ensemble', 'collect', '&& (member->is_trusted || !only_trusted)', '', 'test_a_trusted'),
    ('ensemble', 'ensemble', 'ffntp_ensemble_combines', '&& (member->is_preferred || !ensemble->prefers)', '',
     'test_preferred'),
    ('ensemble', 'ensemble', 'judge', '&& ffntp_member_is_candidate(member)', '', 'test_preferred'),
    ('ensemble', 'ensemble', 'ffntp_ensemble_release', 'ensemble->residual_s += before - behind(ensemble);', '',
     'test_servers_that_come'),
    ('ensemble', 'ensemble', 'keep_time', 'ensemble->has_former && followed != ensemble->followed', 'false',
     'test_a_lead_that'),
    ('ensemble', 'ensemble', 'is_starved', 'return !has_witness(ensemble) &&', 'return false &&', 'test_a_joint_clock_that'),
    ('ensemble', 'ensemble', 'is_starved', '!has_witness(ensemble) &&', '', 'test_preferred'),
    ('ensemble', 'ensemble', 'update_shares', 'ensemble->residual_s *= 1 - gain;', '', 'test_a_lead_that'),
    ('ensemble', 'ensemble', 'take_apart', '2 * apart > all', 'false', 'test_a_change_of_the_rate'),
    ('ensemble', 'ensemble', 'take_apart', 'member->is_astray = true;', '', 'test_a_server_that_drifts'),
    ('ensemble', 'ensemble', 'check_return', 'ffntp_ensemble_release(ensemble, number);', ';',
     'test_a_server_that_drifts'),
    ('ensemble', 'ensemble', 'follow_markers', 'if (2 * stepped <= ballot->count) return;', '', 'test_a_step_of_all'),
    ('ensemble', 'ensemble', 'follow_markers', '2 * jumped > ballot->count', 'false', 'test_a_step_of_all'),
    ('ensemble', 'ensemble', 'disrupt', '|| ffntp_ensemble_memory(&config) == 0', '', 'test_a_different_counter'),
    ('ensemble', 'ensemble', 'may_answer', '&& polling->floor_s <= polling->config.min_s', '', 'test_a_server_that_refuses'),
    ('ensemble', 'ensemble', 'selection_of', '|| member->view.candidates > 0', '', 'test_a_server_in_doubt'),
    ('ensemble', 'ensemble', 'ffntp_ensemble_status', 'right < least ||', '', 'test_a_least_number'),
    ('ensemble', 'ensemble', 'ffntp_ensemble_status', '|| lacks_required', '', 'test_a_required'),
    ('ensemble', 'ensemble', 'ffntp_ensemble_status', '|| 2 * ballot->count <= count_expected(ensemble)', '',
     'test_one_of_three_is_not_enough'),
    ('ensemble', 'ensemble', 'announce_leap', 'ffntp_client_announce(', '(void)(', 'test_the_majority_announces'),
    ('ensemble', 'ensemble', 'announces', '&& member->is_fresh', '', 'test_the_majority_announces'),
    ('refclock', 'phc', 'place', 'ffntp_fmin(earlier.low, later.low)', 'earlier.low', 'a_step_of_the_system_clock'),
    ('refclock', 'phc', 'place', 'ffntp_fmax(earlier.high, later.high)', 'earlier.high', 'a_step_of_the_system_clock'),
    ('refclock', 'phc', 'extrapolate', '+ ticks - unsure - tick', '+ ticks - unsure', 'a_nanosecond_has'),
    ('refclock', 'phc', 'extrapolate', '+ ticks + unsure + tick', '+ ticks + unsure', 'a_nanosecond_has'),
    ('refclock', 'phc', 'extrapolate', '+ ticks - unsure - tick', '+ ticks - tick', 'a_rate_that_changes'),
    ('refclock', 'phc', 'convert', '!(low < most) ||', '', 'a_time_namespace'),
    ('refclock', 'phc', 'convert', '!(high > 0) ||', '', 'a_time_namespace'),
    ('refclock', 'phc', 'convert', '|| sample->ns >= FFNTP_NS_PER_S', '', 'a_bad_time'),
    ('refclock', 'phc', 'consider', '|| reading_width(reading) < reading_width(best)', '', 'the_narrowest'),
    ('refclock', 'phc', 'ffntp_phc_read', 'i != FFNTP_PHC_BRACKET &&', '', 'what_is_no_clock'),
    ('refclock', 'phc', 'ffntp_phc_read', '&& is_missing(error)', '', 'errors_of_the_device'),
    ('refclock', 'phc', 'fail', 'longer_s < WAIT_MOST_S ? longer_s : WAIT_MOST_S', 'longer_s', 'a_lost_device'),
    ('refclock', 'measured', 'take_measurement', '|| !session->wants_request', '', 'inputs_that_nobody'),
    ('refclock', 'measured', 'take_measurement', '|| input->measurement == NULL', '', 'inputs_that_nobody'),
    ('refclock', 'measured', 'miss_measurement', '|| !session->wants_request', '', 'inputs_that_nobody'),
    ('refclock', 'measured', 'is_measurement', '&& measurement->leap <= FFNTP_LEAP_UNANNOUNCED', '', 'invalid_statements'),
    ('refclock', 'measured', 'is_measurement', '&& measurement->stratum >= 1', '', 'invalid_statements'),
    ('refclock', 'measured', 'is_measurement', '&& measurement->stratum <= 15', '', 'invalid_statements'),
    ('refclock', 'measured', 'is_measurement', '&& measurement->max_error_s >= 0', '', 'invalid_statements'),
    ('refclock', 'measured', 'is_measurement', '&& measurement->root_delay_s >= 0', '', 'invalid_statements'),
    ('refclock', 'measured', 'is_measurement', '&& measurement->precision_s > 0', '', 'invalid_statements'),
    ('refclock', 'measured', 'is_measurement', '&& measurement->precision_s <= 1', '', 'invalid_statements'),
    ('refclock', 'measured', 'ffntp_exchange_measured', 'watch_clock_grain(exchange, &taken, limits);', '', 'coarse_steps'),
    ('refclock', 'measured', 'ffntp_exchange_measured', 'counter_went_back(exchange, taken.ta, taken.tf) ||', '',
     'a_counter_that_goes_back'),
    ('refclock', 'measured', 'ffntp_leap_from_tai', 'if (!belief->tai_is_known) return false;', '', 'tai_is_converted'),
    ('refclock', 'measured', 'ffntp_leap_from_tai', 'belief->has_jumped = false;', '', 'tai_after_a_disruption'),
    ('refclock', 'journal', 'ffntp_journal_write_member_input',
     'if (input->kind == FFNTP_INPUT_MEASURED && input->measurement == NULL) return 0;', '', 'measurements'),
    ('refclock', 'config', 'check_line', 'written->is_tai && written->is_utc', 'false', 'refuses_with'),
    ('ensemble', 'ensemble', 'ffntp_ensemble_forget', 'ensemble->joint.is_begun = false;', '',
     'test_a_disruption'),
    ('rate', 'dissent', 'align', 'least_s = ffntp_fmax(least_s, FFNTP_PERIOD_LEAST_S);', '', 'test_a_rate_that_no'),
    ('rate', 'dissent', 'align', 'most_s = ffntp_fmin(most_s, FFNTP_PERIOD_MOST_S);', '', 'test_a_rate_that_no'),
    ('hostile day', 'hostile', 'judge_origin', '(origin == exchange->nonce || is_interleaved(exchange, origin))', 'true',
     'test_a_day_of'),
    ('hostile day', 'hostile', 'is_due', 'if (limit->has_spoken && now_s - limit->last_s < LIMIT_S) return false;', '',
     'test_a_day_of'),
    ('nts', 'ntsstore', 'ffntp_ntsstore_take', 'is_good = remove_file(folder, name) &&', 'is_good =', 'test_cookies_are_taken'),
    ('nts', 'ntsstore', 'is_usable', 'memcmp(read->machine, wanted->machine, sizeof(read->machine)) == 0 &&', '',
     'test_of_another_machine'),
    ('nts', 'ntsstore', 'is_usable', 'strcmp(read->host, wanted->host) == 0 &&', '', 'test_of_another_host'),
    ('nts', 'ntsstore', 'is_usable', 'read->saved_s <= now_s &&', '', 'test_old_ones'),
    ('nts', 'ntsstore', 'is_usable', '&& now_s - FFNTP_NTSSTORE_AGE_S <= read->saved_s', '', 'test_old_ones'),
    ('nts', 'ntsstore', 'ffntp_nts_dump_read',
     '|| ffntp_load_be(bytes + length - SUM_SIZE, SUM_SIZE) != sum_of(bytes, length - SUM_SIZE)', '', 'test_damaged_ones'),
    ('nts', 'ntsstore', 'read_file', 'O_NOFOLLOW |', '', 'test_a_link'),
    ('nts', 'ntsstore', 'read_file', '&& is_own(file)', '', 'test_of_others'),
    ('nts', 'ntsstore', 'is_usable', 'is_known(wanted->machine, sizeof(wanted->machine)) &&', '', 'test_a_machine_that_cannot'),
    ('nts', 'ntsstore', 'ffntp_ntsstore_put', 'if (!is_known(dump->machine, sizeof(dump->machine))) return ENODATA;', '',
     'test_a_machine_that_cannot'),
    ('nts', 'ntsstore', 'ffntp_ntsstore_machine', 'if (needs_boot && !has_boot) memset(machine, 0, FFNTP_NTS_DUMP_MACHINE);', '',
     'test_a_machine_that_cannot'),
    ('nts', 'ntsstore', 'ffntp_ntsstore_machine', '!add_machine_id(&hash, signs->machine_id) ||',
     'add_machine_id(&hash, signs->machine_id) &&', 'test_a_machine_without'),
    ('nts', 'ntstls', 'wait_for', '(left = left_ms(exchange)) > 0', '(left = left_ms(exchange)) >= 0', 'time_is_limited'),
    (35, 'statefile', 'open_file', 'O_NOFOLLOW |', '', 'test_a_link'),
    (35, 'statefile', 'open_file', '|| !S_ISREG(status.st_mode)', '', 'test_a_fifo'),
    (35, 'statefile', 'open_file', 'else if (status.st_uid != geteuid() && status.st_uid != 0)', 'else if (false)',
     'test_a_file_of_a_different_user'),
    (35, 'statefile', 'read_text', 'if (!take(rest, HEAD))', 'if (!take(rest, HEAD) && false)', 'test_garbage'),
    (35, 'statefile', 'read_text', 'return count == (int64_t)limits->count ? NULL : "lines are missing";', 'return NULL;',
     'test_texts_that_are'),
    (35, 'statefile', 'read_text', '|| rest->at != rest->end', '', 'test_texts_that_are'),
    (35, 'statefile', 'take_limits', 'limits->count == FFNTP_RATELIMITS ||', '', 'test_the_most_limits'),
    (35, 'statefile', 'take_limit', 'return interval_s >= 1 && interval_s <= FFNTP_POLL_MOST_S;', 'return true;',
     'test_texts_that_are'),
    (35, 'statefile', 'take_number', 'if (rest->at - begin == TIME_DIGITS) return false;', '', 'test_texts_that_are'),
    (35, 'statefile', 'take_address', "*rest->at > ' ' && *rest->at <= '~' &&", "*rest->at != ' ' &&", 'test_texts_that_are'),
    (35, 'statefile', 'take_address', '&& length < FFNTP_RATELIMITS_ADDRESS_SIZE - 1', '', 'test_an_address_that_is'),
    (41, 'statefile', 'ffntp_ratelimits_wait_s', 'return wait_s < FFNTP_RATELIMITS_WAIT_S ? (double)wait_s : FFNTP_RATELIMITS_WAIT_S;',
     'return (double)wait_s;', 'test_the_first_request_waits'),
    (41, 'statefile', 'ffntp_ratelimits_expire', 'if (limits->limit[i].kissed_s < now_s - FFNTP_RATELIMITS_AGE_S)', 'if (false)',
     'test_old_limits'),
    (41, 'loop', 'join', 'ffntp_sync_limit(sync, peer);', '', 'a_server_that_limits'),
    (41, 'loop', 'ffntp_sync_follow', 'ffntp_sync_limit(sync, peer);', '', 'a_server_that_limits'),
    (41, 'session', 'ffntp_polling_limit', 'if (floor_s <= polling->floor_s) return;', '', 'test_a_limit_that_ends'),
    ('root field', 'rootfield', 'ffntp_wire_root_s', '&& rounding <= FFNTP_WIRE_ROUNDING', '', 'test_values_that_contradict'),
    ('root field', 'rootfield', 'ffntp_wire_is_root', '&& ffntp_load_be(field + ROOT_MAGIC_AT, 4) == ROOT_MAGIC', '', 'test_other_fields'),
    ('root field', 'rootfield', 'ffntp_wire_is_root', 'ffntp_load_be(field + FIELD_LENGTH_AT, 2) == FFNTP_WIRE_ROOT_SIZE &&', '', 'test_other_fields'),
    ('root field', 'rootfield', 'ffntp_rootfield_has_moved', '&& moved_s >= least_s', '', 'test_a_small_correction'),
    ('root field', 'rootfield', 'ffntp_association_change_server', 'association->accepted_clock.is_known = false;', '',
     'test_the_clock_of'),
    ('root field', 'rootfield', 'ffntp_rootfield_expired', 'if (++field->silent < most) return;', '', 'test_silence_of_a_server'),
    (1, 'exchange', 'judge_origin', '(origin == exchange->nonce || is_interleaved(exchange, origin))', 'true',
     'case_01'),
    (2, 'exchange', 'judge_origin', 'if (origin == 0) return FFNTP_REFUSED_ORIGIN;', '', 'case_02_a_zero_origin'),
    (2, 'exchange', 'ffntp_exchange_begin', 'if (nonce == 0) return false;', '', 'case_02_a_zero_nonce'),
    (3, 'exchange', 'end', 'exchange->is_waiting = false; exchange->answered_nonce', 'exchange->answered_nonce',
     'case_03_a_replayed'),
    (3, 'exchange', 'ffntp_exchange_finish', 'end(exchange);', 'if (answered.reply.leap < 3) end(exchange);',
     'case_03_a_refused'),
    (4, 'exchange', 'ffntp_exchange_begin', 'ffntp_exchange_expire(exchange); exchange->is_waiting',
     'exchange->is_waiting', 'case_04_a_reply_to_an_older'),
    (4, 'exchange', 'ffntp_exchange_expire', 'exchange->is_waiting = false; exchange->expired_nonce',
     'exchange->expired_nonce', 'case_04_a_reply_after'),
    (5, 'exchange', 'judge_origin', '(origin == exchange->nonce ||', '(origin >> 8 == exchange->nonce >> 8 ||', 'case_05'),
    (6, 'exchange', 'has_timestamps', 'packet->receive.units != 0 &&', '', 'case_06'),
    (6, 'exchange', 'has_timestamps', 'packet->transmit.units != 0 &&', '', 'case_06'),
    (7, 'exchange', 'judge_packet', 'packet->version < FFNTP_WIRE_VERSION_LEAST ||', '', 'case_07'),
    (7, 'exchange', 'judge_packet', '|| packet->version > FFNTP_WIRE_VERSION', '', 'case_07'),
    (7, 'exchange', 'judge_packet', 'packet->mode != FFNTP_MODE_SERVER', 'false', 'case_07'),
    (8, 'exchange', 'ffntp_wire_read', 'if (length < FFNTP_WIRE_SIZE) return FFNTP_REFUSED_LENGTH;', '', 'case_08'),
    (8, 'wire', 'ffntp_wire_read', 'if (length < FFNTP_WIRE_SIZE) return FFNTP_REFUSED_LENGTH;', '', 'case_08'),
    (8, 'wire', 'judge_tail', 'left == 0 || left == MAC_NAK || left == MAC_128 || left == MAC_160 ?', 'true ?', 'case_08'),
    ('keys', 'loop', 'authenticate', 'if (authentic == 0) datagram->bytes = crypto_nak;', '', 'with_a_key'),
    ('keys', 'loop', 'authenticate', 'authentic > 0 ? authentic : sizeof(crypto_nak);', 'sizeof(crypto_nak);',
     'with_a_key'),
    ('keys', 'loop', 'put_reply', 'if (peer->key != NULL || peer->nts != NULL) authenticate(peer, &datagram);', '', 'with_a_key'),
    ('nts', 'nts', 'ffntp_nts_is_cookie', 'size % 4 == 0 &&', '', 'cookies_that_cannot'),
    ('nts', 'nts', 'ffntp_nts_is_cookie', '&& size <= FFNTP_NTS_COOKIE_MOST', '', 'cookies_that_cannot'),
    ('nts', 'nts', 'ffntp_nts_add_cookie', '|| nts->cookies >= FFNTP_NTS_COOKIES', '', 'cookies_that_cannot'),
    ('nts', 'nts', 'ffntp_nts_request', 'drop_newest(nts);', '', 'no_cookie_is_sent'),
    ('nts', 'nts', 'placeholders', 'fields - 1 < missing ?', 'false ?', 'a_request_stays'),
    ('nts', 'nts', 'read_field', 'size < least ||', '', 'each_byte'),
    ('nts', 'nts', 'read_field', '|| size > length - at', '', 'each_byte'),
    ('nts', 'nts', 'open_field', 'padded(nonce_size) + padded(sealed_size) > field->size - LENGTHS', 'false', 'replies_with'),
    ('nts', 'nts', 'open_field', 'sealed_size < FFNTP_NTS_TAG ||', '', 'replies_with'),
    ('nts', 'nts', 'ffntp_nts_reply', '!nts->is_awaiting ||', '', 'an_authentic'),
    ('nts', 'nts', 'ffntp_nts_reply', '!has_identifier ||', '', 'replies_with'),
    ('nts', 'nts', 'ffntp_nts_reply', 'is_equal(field.value, nts->identifier, FFNTP_NTS_IDENTIFIER);', 'true;', 'replies_with'),
    ('nts', 'nts', 'ffntp_nts_read_message', 'if (problem == NULL && reading.has_ended && at != length)', 'if (false)',
     'messages_with'),
    ('nts', 'nts', 'take_aead', 'if (!is_offered(reading->agreement->aead, reading->offers, reading->offer_count))',
     'if (false)', 'messages_with'),
    ('nts', 'nts', 'take_record', 'record->is_critical ? "a critical record is not known" : NULL', 'NULL', 'messages_with'),
    ('nts', 'nts', 'take_name', "record->body[i] <= ' ' || record->body[i] > '~'", 'false', 'messages_with'),
    ('nts', 'ntslink', 'needs_keys', 'link->unanswered > 0 && link->nts.naks > 0', 'link->nts.naks > 0', 'silence_leads'),
    ('nts', 'ntslink', 'needs_keys', 'link->unanswered >= SILENCE ||', '', 'silence_leads'),
    ('nts', 'ntslink', 'ffntp_ntslink_work', 'now_s >= link->retry_at_s &&', '', 'waits_double'),
    ('nts', 'ntslink', 'ffntp_ntslink_move', 'ffntp_ntslink_forget(link);', '', 'keys_stay'),
    ('nts', 'ntslink', 'ffntp_ntslink_hurry', 'link->wait_s = link->waited_s;', '', 'the_wait_grows'),
    ('keys', 'keys', 'ffntp_key_verify', 'if (covered != FFNTP_REQUEST_SIZE && (covered != FFNTP_REQUEST_MOST || !ffntp_wire_is_root(bytes + FFNTP_REQUEST_SIZE))) return 0;', '',
     'no_other_bit'),
    ('keys', 'keys', 'ffntp_key_verify',
     'if (ffntp_load_be(bytes + covered, ID_SIZE) != key->id) return 0;', '', 'another_key'),
    ('keys', 'keys', 'ffntp_key_verify', 'memeql_sec(digest, bytes + covered + ID_SIZE, size) != 0', 'true',
     'no_other_bit'),
    ('keys', 'keys', 'digest_size', 'size < FFNTP_KEY_DIGEST_MOST ? size : FFNTP_KEY_DIGEST_MOST', 'size', 'a_hash_is'),
    ('keys', 'keys', 'ffntp_key_find', 'ffntp_key_wipe(key);', '', 'an_unusable_key'),
    ('keys', 'keys', 'ffntp_serverkeys_read', 'if (!is_read) ffntp_serverkeys_wipe(keys);', '', 'a_server_has'),
    ('keys', 'keys', 'ffntp_keyfile_wipe', 'explicit_bzero(file, offsetof(struct ffntp_keyfile, text) + file->length);', '', 'a_file_is_read'),
    ('keys', 'keys', 'parse_key', 'key->type->why != NULL', 'false', 'an_unusable_key'),
    ('keys', 'keys', 'parse_key', 'line->count != 2 && line->count != WORDS', 'false', 'an_unusable_key'),
    ('keys', 'keys', 'take_key', 'mac != NULL && length != mac->key_size', 'false', 'an_unusable_key'),
    ('keys', 'keys', 'take_key', 'length == 0', 'false', 'an_unusable_key'),
    ('keys', 'keys', 'decode_hex', 'high < 0 || low < 0', 'false', 'an_unusable_key'),
    ('keys', 'keys', 'decode_hex', 'word.length % 2 == 0', 'true', 'an_unusable_key'),
    ('keys', 'keys', 'take_line', 'key->id == wanted', 'false', 'an_unusable_key'),
    ('keys', 'keys', 'parse_id', 'sum >= 1 && sum <= UINT32_MAX;', 'sum <= UINT32_MAX;', 'an_unusable_key'),
    ('keys', 'keys', 'parse_id', 'sum >= 1 && sum <= UINT32_MAX;', 'sum >= 1;', 'an_unusable_key'),
    ('keys', 'keys', 'read_open_file', 'if (!S_ISREG(state.st_mode)) return "not a regular file";', '', 'what_is_no_file'),
    ('keys', 'keys', 'read_open_file', 'file->length < sizeof(file->text) ?', 'true ?', 'what_is_no_file'),
    ('keys', 'wire', 'judge_tail', 'if (is_crypto_nak(tail, left)) return FFNTP_REFUSED_AUTHENTICATION;', '', 'case_08'),
    (9, 'wire', 'judge_tail', 'length < FIELD_LEAST ||', '', 'case_08'),
    (9, 'wire', 'judge_tail', 'length < FIELD_LEAST', 'length < 4', 'case_09'),
    (9, 'wire', 'judge_tail', 'length % 4 != 0 ||', '', 'case_09'),
    (9, 'wire', 'judge_tail', '|| length > left', '', 'case_09'),
    (9, 'exchange', 'judge_tail', '|| length > left', '', 'case_09'),
    (10, 'exchange', 'is_synchronised', 'packet->leap != FFNTP_WIRE_LEAP_UNSYNCHRONISED &&', '', 'case_10'),
    (10, 'exchange', 'is_synchronised', '&& packet->stratum <= 15', '', 'case_10'),
    (10, 'exchange', 'judge_server', 'if (packet->stratum == 0) return judge_kiss(packet->refid);', '',
     'case_11_and_12'),
    (10, 'client', 'ffntp_polling_replied', 'count_unanswered(polling);', ';', 'test_free_runs_on_answers'),
    ('S13', 'polling', 'ffntp_polling_expired', 'slow_down(polling, floor_s, FFNTP_SILENCE_DECAY_REPLIES, period_s);', ';',
     'a_limiter_that'),
    ('S13', 'polling', 'is_silence', 'polling->has_answered &&', '', 'a_server_that_never'),
    ('S13', 'polling', 'is_silence', 'polling->silent >= FFNTP_SILENCE_REQUESTS &&', '', 'an_outage'),
    ('S13', 'polling', 'is_silence', '&& polling->silence_chance <= FFNTP_SILENCE_CHANCE', '', 'a_path_that_loses'),
    ('S13', 'polling', 'ffntp_polling_expired', 'ffntp_fmin(2 * polling->interval_s, FFNTP_SILENCE_FLOOR_S)',
     '2 * polling->interval_s', 'an_outage'),
    ('S13', 'polling', 'ffntp_polling_expired', '&& floor_s > polling->interval_s', '', 'no_interval_is_longer'),
    ('S13', 'polling', 'end_silence_by_reply', 'if (is_silence(polling)) end_silence(polling);', '', 'an_outage_is_no'),
    ('S13', 'polling', 'slow_down', 'polling->is_trying ? 2 * polling->patience : polling->patience', 'polling->patience',
     'a_try_that_fails'),
    ('S13', 'polling', 'clamp_patience', 'replies < FFNTP_PATIENCE_MOST ? replies : FFNTP_PATIENCE_MOST', 'replies',
     'a_try_that_fails'),
    ('S13', 'polling', 'speed_up', '&& polling->served >= polling->patience', '', 'a_limiter_that'),
    ('S13', 'polling', 'speed_up', 'polling->patience = 0;', '', 'a_limit_that_ends'),
    ('S13', 'polling', 'set_floor', 'end_silence(polling);', '', 'an_outage'),
    ('control', 'polling', 'ffntp_polling_burst', 'if (polling->floor_s > polling->config.min_s) return;', '',
     'a_burst_obeys'),
    ('control', 'client', 'ffntp_association_correct', 'stamp->root_dispersion_s += ffntp_fabs(association->correction_s);', '',
     'test_a_correction'),
    ('control', 'config', 'ffntp_confignumber_store', 'value < number->least / number->scale', 'false', 'each_number'),
    ('control', 'config', 'parse_server_line',
     'if (line->scope->sources != NULL && ffntp_config_has_server(config, &server)) return true;', '',
     'a_sources_file_has'),
    ('control', 'config', 'parse_words', 'if (line->scope->sources != NULL &&', 'if (false &&', 'a_sources_file_has'),
    ('control', 'config', 'parse_confdir', 'if (line->scope->include == NULL)', 'if (line->words > 20)', 'refuses_with'),
    ('control', 'config', 'check_directories', 'present + line->words - 1 > FFNTP_CONFIG_DIRECTORIES', 'false', 'refuses_with'),
    ('control', 'config', 'ffntp_config_copy_server', 'ffntp_config_has_server(config, server) ||', '', 'copies_and'),
    ('control', 'config', 'ffntp_config_copy_server',
     '|| ffntp_config_members(config) + ffntp_config_server_members(server) > FFNTP_CONFIG_SERVERS', '', 'copies_and'),
    ('S13', 'polling', 'ask_soon', 'is_just_asked ?', 'false ?', 'no_two_requests'),
    (11, 'exchange', 'judge_server', 'if (packet->stratum == 0)', 'if (packet->stratum <= 1)', 'case_11_a_kiss'),
    (12, 'exchange', 'judge_kiss', "case KISS('R', 'S', 'T', 'R'):", '', 'case_11_and_12'),
    (13, 'exchange', 'ffntp_exchange_finish', 'verdict = judge_packet(exchange, &answered.reply);',
     'verdict = answered.reply.stratum == 0 ? judge_kiss(answered.reply.refid) '
     ': judge_packet(exchange, &answered.reply);', 'case_13'),
    (14, 'exchange', 'judge_kiss', 'return is_kiss(refid) ? FFNTP_REFUSED_KISS_OTHER : FFNTP_REFUSED_UNSYNCHRONISED;',
     'return FFNTP_REFUSED_KISS_RATE;', 'case_14'),
    (15, 'exchange', 'has_timestamps',
     'ffntp_ntp_diff_s(packet->transmit, packet->receive) >= -ffntp_fmax(FFNTP_SERVER_ORDER_S, precision_s)', 'true',
     'case_15_transmit'),
    (15, 'exchange', 'judge_counter', 'return FFNTP_REFUSED_RESIDENCE;', ';', 'case_15_a_residence'),
    (15, 'exchange', 'residence_fits', '(1 + limits->period_error)', '1', 'case_15_a_residence'),
    ('clones', 'exchange', 'settle_departure', 'answered->ta -= late_ticks(answered);', ';', 'a_departure'),
    ('clones', 'bound', 'ffntp_bound_from_stamp', 'ffntp_stamp_longest_rtt_ticks', 'ffntp_stamp_rtt_ticks',
     'test_a_late_departure'),
    ('coarse', 'exchange', 'residence_fits', 'longest_s + precision_s', 'longest_s', 'case_15_the_precision'),
    ('coarse', 'exchange', 'has_timestamps', 'ffntp_fmax(FFNTP_SERVER_ORDER_S, precision_s)', 'FFNTP_SERVER_ORDER_S',
     'case_15_the_precision'),
    ('coarse', 'client', 'effective_precision_s',
     'ffntp_fmax(stated_precision_s(packet->precision_log2_s), exchange->grain.seen_s)',
     'stated_precision_s(packet->precision_log2_s)', 'test_a_server_that_is_coarser'),
    ('coarse', 'client', 'ffntp_association_change_server', 'association->exchange.grain = (struct ffntp_grain){ 0 };', '', 'test_another_server'),
    ('coarse', 'client', 'decide_on', 'ffntp_clock_server_is_coarse(&client->clock, &client->association, tf);', ';',
     'test_a_server_that_is_coarser'),
    ('coarse', 'grain', 'judge', 'if (is_disproved(units, difference))', 'if (false)', 'test_a_fine'),
    ('coarse', 'grain', 'fine_width', 'off_multiple(difference->surprise_units, step));',
     'off_multiple(difference->unseen_units, step));', 'test_a_fine'),
    ('coarse', 'grain', 'is_shown', 'if (step->filled < PROOF && step->other < 1)', 'if (false)',
     'test_an_honest'),
    (16, 'exchange', 'judge_distance', 'distance_s <= limit_s ? FFNTP_ACCEPTED : FFNTP_REFUSED_ROOT_DISTANCE',
     'FFNTP_ACCEPTED', 'case_16_absurd'),
    (16, 'exchange', 'judge_distance', 'root_delay_s(exchange, packet) / 2', '0', 'case_16_absurd'),
    (16, 'exchange', 'stated_precision_s', 'log2_s < -32 ? -32 : log2_s > 31 ? 31 : log2_s', 'log2_s',
     'case_16_absurd'),
    (16, 'exchange', 'root_dispersion_s', 'exchange->root.is_present) + precision_s', 'exchange->root.is_present)',
     'case_16_the_stamp'),
    (16, 'exchange', 'judge_distance', 'distance_s <= limit_s', '!(distance_s > limit_s)', 'case_16_a_limit'),
    (17, 'instant', 'ffntp_time_from_ntp', 'int32_t from_pivot = (int32_t)', 'int64_t from_pivot = (int64_t)',
     'case_17_every_date'),
    (17, 'instant', 'ffntp_time_from_ntp', 'wrapping_add(pivot_s, from_pivot)',
     '(int64_t)(t.units >> 32) - FFNTP_NTP_UNIX_S', 'case_17_every_date'),
    (21, 'timescale', 'ffntp_leap_table_check', 'table->count == 0', 'false', 'nonsense'),
    (21, 'timescale', 'ffntp_leap_table_check',
     'if (table->count > FFNTP_LEAP_TABLE_SIZE) return FFNTP_TIMESCALE_TABLE_SIZE;', '', 'nonsense'),
    (21, 'timescale', 'check_entry', 'if (entry->from_s <= former->from_s) return FFNTP_TIMESCALE_TABLE_ORDER;', '',
     'nonsense'),
    (21, 'timescale', 'check_entry', 'step == 1 || step == -1 ? FFNTP_TIMESCALE_OK : FFNTP_TIMESCALE_TABLE_STEP',
     '(void)step, FFNTP_TIMESCALE_OK', 'nonsense'),
    (21, 'timescale', 'ffntp_leap_table_check', '|| !is_month_begin(entry[i].from_s)', '', 'nonsense'),
    (21, 'timescale', 'ffntp_leap_table_check', '|| table->expires_s >= END_S', '', 'nonsense'),
    (21, 'timescale', 'ffntp_tai_from_utc', 'back.time.s != utc.time.s || back.is_leap != utc.is_leap', 'false',
     'a_second_can'),
    (21, 'timescale', 'ffntp_numbering_from_table', 'tai.s >= table->expires_s + last->tai_offset_s', 'false',
     'a_table_does_not'),
    (21, 'timescale', 'smeared', 'done.high > 0 || part < done.low ? UINT64_MAX : part', 'part', 'smears'),
    (21, 'timescale', 'ffntp_leap_count', '2 * most <= count', 'most == 0', 'a_leap_second_needs'),
    (21, 'leap', 'ends_month', '|| tomorrow.day != 1)', ')', 'what_is_announced'),
    (21, 'leap', 'ffntp_leap_take_vote', '(date.month != 6 && date.month != 12 && !vote.is_unanimous)', 'false',
     'what_is_announced'),
    (21, 'leap', 'withdraw', 'forget(belief, belief->numbering.offset_s);', ';', 'an_announcement_can'),
    (21, 'leap', 'ffntp_leap_rule', 'return undo(belief, agreed, since, ahead) ||', 'return', 'an_announcement_that'),
    (21, 'leap', 'ffntp_leap_rule', '|| find_late(belief, agreed, since, ahead)', '', 'a_leap_second_that'),
    (21, 'leap', 'from_number', 'if (numbering->sign > 0 && utc.s == midnight_s - 1) return false;', '',
     'nobody_guesses'),
    (21, 'leap', 'ffntp_leap_begin', 'ffntp_leap_follow(belief, utc);', '', 'nobody_guesses'),
    (21, 'leap', 'ffntp_wiretime_convert',
     'if (!window.is_known && ffntp_leap_is_too_late(&wire->leap, te, announced(wire, stamp))) return false;', '',
     'nobody_guesses'),
    (21, 'leap', 'follow', 'belief->tai_is_known = false;', ';', 'tai_is_known'),
    (21, 'leap', 'follow', 'take_last(belief, base_s);', ';', 'a_table_must_hold'),
    (21, 'leap', 'follow', '&& !is_expired', '', 'a_new_table'),
    (21, 'leap', 'follow', '&& is_last_word(belief)', '', 'two_leap_seconds'),
    (21, 'leap', 'is_last_word', '(belief->has_jumped && expires_s == belief->tai_expires_s)', 'false', 'a_jump_beyond'),
    (21, 'leap', 'find_last_base', 'belief->is_strict ||', '', 'a_table_must_hold'),
    (21, 'leap', 'find_last_base', '*base_s -= numbering->sign;', ';', 'a_jump_beyond'),
    (21, 'leap', 'find_last_base', '&& midnight_utc_s(numbering) <= table->expires_s', '', 'a_leap_second_comes'),
    (21, 'leap', 'break_if_corrected', 'ffntp_publisher_break(&clock->publisher, now);', ';', 'a_new_table'),
    (21, 'leap', 'limit_of', 'ticks_until(map, limit, map->tai_expires_s + map->tai_offset_s)', 'limit', 'tai_is_known'),
    (21, 'clock', 'ffntp_clock_at',
     'if (scale == FFNTP_TAI && !ffntp_reading_has_tai(map, estimate)) return FFNTP_CLOCK_TAI_UNKNOWN;', '', 'tai_ends'),
    (21, 'clock', 'ffntp_reading_has_tai', 'map->tai_outlasts_table ||', '', 'tai_ends'),
    (21, 'leap', 'ffntp_leap_from_utc', 'is_in(window, before) == is_in(window, after)', 'true',
     'each_second_is_heard'),
    (21, 'leap', 'ffntp_leap_rule', 'is_month_end(belief, agreed, since) ? FFNTP_LEAP_MISSED',
     'false ? FFNTP_LEAP_MISSED', 'the_table_knows'),
    (21, 'leap', 'ffntp_leap_rule', 'if (is_certain(belief, since))', 'if (false)', 'the_table_knows'),
    (21, 'leap', 'ffntp_leap_cross', 'phase_at(numbering, to) != phase_at(numbering, from)', 'false',
     'every_leap_second'),
    (21, 'leap', 'ffntp_leap_rule', '&& is_month_end(belief, agreed, since)', '', 'a_second_that'),
    (22, 'leap', 'ffntp_clock_decide', 'if (plan->is_smeared)', 'if (false)', 'who_smears'),
    (22, 'leap', 'apply_reject', 'if (plan->decision.reason == FFNTP_REASON_SMEAR_BEGINS)', 'if (false)', 'who_smears'),
    (22, 'leap', 'ffntp_smear_judge', 'share > FFNTP_SMEAR_SHARE &&', '', 'who_does_not_smear'),
    (26, 'exchange', 'judge_counter', 'if (!(ticks > 0)) return FFNTP_REFUSED_COUNTER;', '',
     'case_26_a_counter_that_stood'),
    (26, 'exchange', 'judge_counter', 'if (!(shortest_s <= limits->max_rtt_s)) return FFNTP_REFUSED_LATE;', '',
     'case_26_a_round'),
    (26, 'exchange', 'finish_basic', 'if (counter_went_back(exchange, answered->ta, answered->tf))',
     'if (counter_went_back(exchange, answered->ta, answered->tf) && false)', 'case_26_a_counter_that_went_back'),
    (26, 'exchange', 'counter_went_back', 'exchange->last_tf = tf;', 'if (!went_back) exchange->last_tf = tf;',
     'case_26_a_counter_that_went_back'),
    (26, 'exchange', 'ffntp_exchange_finish', 'verdict = judge_server(&answered.reply);',
     '(void)counter_went_back(exchange, answered.ta, answered.tf); verdict = judge_server(&answered.reply);', 'case_26_a_useless_reply'),
    (43, 'exchange', 'rtt_ticks', 'ffntp_counter_diff(answered->tf, answered->ta)', '(double)(answered->tf - answered->ta)',
     'case_43_counter'),
    ('xleave', 'interleaved', 'judge_origin', '|| is_interleaved(exchange, origin)', '|| origin == exchange->nonce << 1',
     'the_third_reply'),
    ('xleave', 'interleaved', 'is_interleaved', 'exchange->is_asking &&', '', 'a_basic_request'),
    ('xleave', 'interleaved', 'is_interleaved', 'origin != exchange->nonce &&', '', 'a_nonce_that_equals'),
    ('xleave', 'interleaved', 'is_interleaved', 'origin == second_nonce(exchange->nonce)', 'true', 'forged_origins'),
    ('xleave', 'interleaved', 'is_origin_of', 'origin == second_nonce(nonce)', 'false', 'a_copy_of_an_interleaved'),
    ('xleave', 'interleaved', 'ffntp_exchange_finish',
     'if (FFNTP_CAN_INTERLEAVE && exchange->is_interleaved) exchange->server_receive',
     'if (FFNTP_CAN_INTERLEAVE) exchange->server_receive', 'without_the_option'),
    ('xleave', 'interleaved', 'ffntp_exchange_finish', 'exchange->has_former = false; return finish_basic',
     'return finish_basic', 'after_a_lost_reply'),
    ('xleave', 'interleaved', 'finish_interleaved',
     'if (counter_went_back(exchange, answered->ta, answered->tf) || !(rtt_ticks(answered) > 0)) return FFNTP_REFUSED_COUNTER;',
     '(void)counter_went_back(exchange, answered->ta, answered->tf);', 'a_counter_that_went_back'),
    ('xleave', 'interleaved', 'finish_interleaved', '|| !(rtt_ticks(answered) > 0)', '', 'a_counter_that_went_back'),
    ('xleave', 'interleaved', 'finish_interleaved', 'exchange->has_former = false;', '', 'a_counter_that_went_back'),
    ('xleave', 'interleaved', 'finish_interleaved', 'if (!has_former) return FFNTP_ACCEPTED;', '', 'the_third_reply'),
    ('xleave', 'interleaved', 'finish_interleaved', 'verdict = judge_reply(exchange, &former, limits);',
     'verdict = FFNTP_ACCEPTED;', 'a_transmit_timestamp'),
    ('xleave', 'interleaved', 'ffntp_association_change_server',
     'if (FFNTP_CAN_INTERLEAVE) ffntp_exchange_forget(&association->exchange);', '', 'a_different_server'),
    ('xleave', 'interleaved', 'ffntp_association_disrupted',
     'association->exchange.has_last_tf = association->exchange.has_former = false;',
     'association->exchange.has_last_tf = false;', 'a_disruption'),
    ('xleave', 'interleaved', 'ffntp_polling_follow_up', 'polling->is_follow_up ||', '', 'a_poll_is_a_pair'),
    ('xleave', 'interleaved', 'ffntp_polling_follow_up', 'polling->floor_s > polling->config.min_s ||', '',
     'after_a_kiss'),
    ('xleave', 'interleaved', 'ffntp_polling_can_interleave', 'polling->floor_s <= polling->config.min_s ||', 'true ||',
     'after_a_kiss'),
    ('xleave', 'interleaved', 'ffntp_client_request',
     'if (FFNTP_CAN_INTERLEAVE && !ffntp_polling_can_interleave(&client->association.polling))', 'if (false)',
     'a_client_that_is_limited'),
    ('xleave', 'interleaved', 'finish_exchange', 'return !FFNTP_CAN_INTERLEAVE || client->association.exchange.is_complete;',
     'return true;', 'a_client_uses'),
    ('xleave', 'interleaved', 'ffntp_client_reply', 'if (FFNTP_CAN_INTERLEAVE && was_waiting && waits_since(&association->exchange, tf))',
     'if (false)', 'a_client_uses'),
    ('xleave', 'interleaved', 'waits_since', '!exchange->is_waiting &&', '', 'a_forged_reply'),
    ('xleave', 'interleaved', 'waits_since', 'exchange->former.tf == tf', 'true', 'a_useless_reply'),
    ('xleave', 'interleaved', 'ffntp_client_config_is_valid', 'config->interleaved <= 1 &&', '', 'a_client_is'),
    (43, 'instant', 'ffntp_time_to_ns', 'if (t.s > MOST_S || (t.s == MOST_S && ns > MOST_NS)) return INT64_MAX;', '',
     'case_43_nanoseconds'),
    (43, 'instant', 'ffntp_time_to_ns', '|| (t.s == MOST_S && ns > MOST_NS)', '', 'case_43_nanoseconds'),
    (43, 'instant', 'ffntp_time_to_ns', '|| (t.s == -MOST_S - 1 && ns < FFNTP_NS_PER_S - MOST_NS - 1)', '',
     'case_43_nanoseconds'),
    (43, 'instant', 'ffntp_time_diff_ns', 'diff.s < 0 ? ffntp_time_to_ns(diff) : INT64_MIN', 'ffntp_time_to_ns(diff)',
     'case_43_differences'),
    (43, 'instant', 'ffntp_time_diff_ns', 'diff.s >= 0 ? ffntp_time_to_ns(diff) : INT64_MAX', 'ffntp_time_to_ns(diff)',
     'case_43_differences'),
    (43, 'instant', 'ffntp_time_add_ns', 'step_s > 0 && t.s > INT64_MAX - step_s', 'false', 'case_43_additions'),
    (43, 'instant', 'ffntp_time_add_ns', 'step_s < 0 && t.s < INT64_MIN - step_s', 'false', 'case_43_additions'),
    (30, 'page_cases', 'ffntp_page_is_whole', '== (begun & ~UINT32_C(1));', '== begun;', 'case_30'),
    (30, 'page_cases', 'ffntp_page_is_whole',
     'return FFNTP_LE32(atomic_load_explicit(&page->sequence, memory_order_relaxed)) == (begun',
     'return (begun & 1) == 0 || 0 == (begun', 'case_30_a_page_that_changed'),
    (30, 'page_cases', 'ffntp_page_read', 'tries < FFNTP_PAGE_TRIES; tries++) { if (ffntp_page_try_read',
     'true;) { if (ffntp_page_try_read', 'case_30'),
    (31, 'page_cases', 'ffntp_page_is_current', '&& ffntp_page_load(page, FFNTP_AT_COPY_SEQUENCE) == begun', '',
     'case_31_a_writer_killed_in_mid'),
    (31, 'page_copy', 'ffntp_page_is_current', 'ffntp_page_load(page, FFNTP_AT_COPY_SEQUENCE) == begun',
     'ffntp_page_load(page, FFNTP_AT_COPY_SEQUENCE) != 0', 'case_30_a_writer_that_knows_no'),
    (31, 'page_copy', 'load_past', 'FFNTP_PAGE_ANCHORS - (begun & 1)', 'FFNTP_PAGE_ANCHORS',
     'case_31_an_update_stops'),
    (31, 'page_copy', 'load_past', 'ffntp_page_load_current(page, begun, FFNTP_AT_ANCHOR_COUNT)',
     'ffntp_page_load(page, FFNTP_AT_ANCHOR_COUNT)', 'case_31_an_update_stops'),
    (31, 'page_copy', 'undo_update',
     'ffntp_page_store(page, ffntp_page_anchor_at(ffntp_page_load(page, FFNTP_AT_ANCHOR_COUNT)) + 8, former->at);', '',
     'case_31_an_update_stops'),
    (31, 'page_copy', 'undo_update', 'copy_words(page, true);', '', 'case_31_a_disruption_stops'),
    (31, 'page_copy', 'ffntp_page_adopt', '(begun & 1) != 0', 'false', 'case_31_an_update_stops'),
    (31, 'page_copy', 'continue_page', 'make_copy(page);', '', 'case_30_a_writer_that_knows_the_copy'),
    (31, 'page_copy', 'end_update', 'make_copy(page);', '', 'case_31_an_update_stops'),
    (31, 'page_cases', 'begin_update', 'ffntp_page_begin(page) | 1;', 'ffntp_page_begin(page) + 1;',
     'case_31_a_writer_killed_in_mid'),
    (31, 'page_cases', 'ffntp_page_is_intact', 'ffntp_map_is_sound(map) &&', '', 'case_31_a_map_that'),
    (31, 'page_cases', 'ffntp_page_is_intact', '&& is_equal_to_copy(page, begun)', '', 'case_31_damage'),
    (31, 'page_cases', 'ffntp_page_is_intact', '&& are_past_maps_sound(page, begun, map)', '', 'case_31_damage'),
    (31, 'page_cases', 'ffntp_page_is_intact', '&& is_of_map(steady, map)', '', 'case_31_damage'),
    (31, 'page_cases', 'ffntp_map_is_sound', 'has_sound_rate(map) &&', '', 'case_31_a_map_that'),
    (31, 'page_cases', 'ffntp_map_is_sound', '&& has_sound_time(map)', '', 'case_31_a_map_that'),
    (31, 'ruling', 'ffntp_clock_can_continue', 'ffntp_map_is_sound(former) &&', '', 'test_no_former_map'),
    (31, 'ruling', 'ffntp_clock_can_continue', '&& (uint64_t)former->time.s - (uint64_t)pivot_s + HALF_ERA_S < 2 * HALF_ERA_S', '', 'test_no_former_map'),
    (31, 'page_cases', 'lay_out', 'ffntp_page_load(page, FFNTP_AT_MARKER) + 1;', '0;',
     'case_31_a_writer_killed_in_mid'),
    (31, 'page_cases', 'rebase_markers', 'ffntp_page_store(page, FFNTP_AT_MARKER_BASE, 0);', '',
     'case_31_a_repaired'),
    (32, 'page_cases', 'ffntp_page_check', 'if (size < FFNTP_PAGE_SIZE) return FFNTP_PAGE_TRUNCATED;', '',
     'case_32_what'),
    (32, 'page_cases', 'ffntp_page_check',
     'if (ffntp_page_load_head(page, 0) != FFNTP_VMCLOCK_MAGIC) return FFNTP_PAGE_FOREIGN;', '', 'case_32_what'),
    (32, 'page_cases', 'ffntp_page_check', 'ffntp_page_load_head(page, 1) < FFNTP_PAGE_SIZE ||', '', 'case_32_what'),
    (32, 'page_cases', 'ffntp_page_check', '|| ffntp_page_load_head(page, 1) > size', '', 'case_32_what'),
    (32, 'page_cases', 'ffntp_page_check', 'if ((uint32_t)block != FFNTP_BLOCK_MAGIC) return FFNTP_PAGE_FOREIGN;', '',
     'case_32_what'),
    (33, 'page_cases', 'is_adoptable', '&& is_same_identity(&theirs, identity)', '', 'case_33'),
    (33, 'page_cases', 'is_same_identity', 'a->counter_kind == b->counter_kind &&', '', 'case_33'),
    (33, 'page_cases', 'is_same_identity', '&& a->time_namespace == b->time_namespace', '', 'case_33'),
    (33, 'page_cases', 'is_same_identity', 'is_same && a->boot_id[i] == b->boot_id[i]', 'is_same', 'case_33'),
    ('vmclock', 'vmclock', 'ffntp_vmclock_check', 'if (size < FFNTP_PAGE_SIZE) return FFNTP_PAGE_TRUNCATED;', '', 'what_is_no_vmclock_page'),
    ('vmclock', 'vmclock', 'ffntp_vmclock_check',
     'if ((ffntp_page_load_head(page, 2) & 0xffff) != FFNTP_VMCLOCK_VERSION) return FFNTP_PAGE_VERSION;', '', 'what_is_no_vmclock_page'),
    ('vmclock', 'vmclock', 'ffntp_vmclock_check', 'has(page, END_OF_FLAGS) &&', '', 'what_is_no_vmclock_page'),
    ('vmclock', 'vmclock', 'ffntp_vmclock_check', '&& ffntp_page_load_head(page, 1) <= size', '', 'what_is_no_vmclock_page'),
    ('vmclock', 'vmclock', 'ffntp_vmclock_check_time', '|| !has(page, END_OF_TIME)', '', 'constant_fields'),
    ('vmclock', 'vmclock', 'ffntp_vmclock_check_time',
     'if (type != FFNTP_VMCLOCK_UTC && type != FFNTP_VMCLOCK_TAI) return FFNTP_PAGE_TIMESCALE;', '', 'constant_fields'),
    ('vmclock', 'vmclock', 'set_tai_offset', 'map->tai_offset_s < 0 ? -map->tai_offset_s : map->tai_offset_s',
     '-map->tai_offset_s', 'tai_needs'),
    ('vmclock', 'vmclock', 'set_tai_offset', '(flags & FFNTP_VMCLOCK_TAI_OFFSET_VALID) != 0 &&', '', 'tai_needs'),
    ('vmclock', 'vmclock', 'set_tai_offset', '&& offset_s >= FFNTP_VMCLOCK_TAI_LEAST_S', '', 'tai_needs'),
    ('vmclock', 'vmclock', 'set_tai_offset', '&& offset_s <= FFNTP_VMCLOCK_TAI_MOST_S', '', 'tai_needs'),
    ('vmclock', 'vmclock', 'set_leap', 'if (map->leap > FFNTP_LEAP_POST_NEGATIVE) return false;', '', 'values_that'),
    ('vmclock', 'vmclock', 'set_leap', 'map->leap == FFNTP_LEAP_POSITIVE', 'false', 'announced'),
    ('vmclock', 'vmclock', 'set_life', 'map->void_after = map->at + ticks;', 'map->void_after = map->at + (UINT64_C(1) << 62);',
     'a_map_ends'),
    ('vmclock', 'vmclock', 'has_bound', '(flags & both) == both &&', '', 'no_bound'),
    ('vmclock', 'vmclock', 'has_bound', '&& map->maxerror_before_ns > 0', '', 'no_bound'),
    ('vmclock', 'vmclock', 'has_bound', '&& map->period_maxerror > 0', '', 'no_bound'),
    ('vmclock', 'vmclock', 'is_plausible', 'map->period > 0 &&', '', 'values_that'),
    ('vmclock', 'vmclock', 'is_plausible', '&& map->period_shift <= 62', '', 'values_that'),
    ('vmclock', 'vmclock', 'is_plausible', '&& map->maxerror_before_ns >> 62 == 0', '', 'values_that'),
    ('vmclock', 'vmclock', 'is_plausible', '&& (uint64_t)map->time.s < FFNTP_READING_EPOCH_LIMIT_S', '', 'values_that'),
    ('vmclock', 'vmclock', 'ffntp_vmclock_try_read', 'if (!ffntp_page_is_whole(page, begun)) return false;', '', 'an_update'),
    ('vmclock', 'vmclock', 'status_of', 'status <= FFNTP_STATUS_DISRUPTED ? (enum ffntp_status)status : FFNTP_STATUS_UNKNOWN',
     '(enum ffntp_status)status', 'status_decides'),
    ('vmclock', 'page', 'fit', 'fitted.tai_offset_s = offset_of(page);', '', 'the_type_of_time'),
    ('vmclock', 'page', 'fit', 'if (map->leap_sign != 0)', 'if (false)', 'the_type_of_time'),
    ('vmclock', 'page', 'fit', 'map->tai_is_known || !ffntp_page_is_tai(page)', 'true', 'the_type_of_time'),
    ('vmclock', 'page', 'lay_out', 'is_fresh ? identity->tai_offset_s != 0 : ffntp_page_is_tai(page)',
     'identity->tai_offset_s != 0', 'the_type_of_time'),
    ('vmclock', 'page', 'add_utc_offset', 'if (!ffntp_page_is_tai(page))', 'if (!map->tai_is_known)', 'the_type_of_time'),
    ('vmclock', 'reader', 'ffntp_linux_now', 'if (reader->is_foreign)', 'if (false)', 'a_line_without'),
    ('vmclock', 'reader', 'now_by_vmclock', 'return FFNTP_CLOCK_DISRUPTED;', ';', 'vmclock_pages_of_other'),
    ('vmclock', 'reader', 'judge_page', 'result = FFNTP_PAGE_GUESTS;', ';', 'a_page_for_a_guest'),
    ('vmclock', 'reader', 'judge_guests', 'is_empty(existing->page) ? NULL : ffntp_page_result_text(result)', 'NULL',
     'a_page_for_a_guest'),
    ('vmclock', 'reader', 'judge_guests', 'theirs.is_guests &&', '', 'a_page_for_a_guest'),
    ('vmclock', 'reader', 'is_same_counter', '&& a->is_guests == b->is_guests', '', 'a_page_for_a_guest'),
    ('vmclock', 'reader', 'retire', 'over.status = FFNTP_STATUS_DISRUPTED;', 'over.status = FFNTP_STATUS_UNKNOWN;',
     'case_33_a_page_of_another_counter'),
    ('vmclock', 'follow', 'ffntp_follow_end', 'FFNTP_STATUS_DISRUPTED', 'FFNTP_STATUS_FREE_RUNNING', 'test_the_end'),
    (34, 'clock', 'ffntp_reading_judge', 'return FFNTP_CLOCK_VOID;', ';', 'case_34_a_stopped'),
    (34, 'clock', 'ffntp_reading_judge', '(int64_t)(now - map->at) > (int64_t)(map->void_after - map->at)',
     'now - map->at > map->void_after - map->at', 'case_34_void_before'),
    (34, 'page_cases', 'ffntp_page_read_line', 'ticks > FFNTP_PAGE_LINE(page, limit) ||', '', 'case_34_the_line'),
    (42, 'page_cases', 'ffntp_page_check',
     'if ((ffntp_page_load_head(page, 2) & 0xffff) != FFNTP_VMCLOCK_VERSION) return FFNTP_PAGE_VERSION;', '',
     'case_42'),
    (42, 'page_cases', 'ffntp_page_check', '(block >> 32 & 0xffff) != FFNTP_BLOCK_VERSION ||', '', 'case_42'),
    (42, 'page_cases', 'ffntp_page_check', '|| block >> 48 < FFNTP_BLOCK_SIZE', '', 'case_42'),
    (42, 'page_cases', 'ffntp_page_check', 'block >> 48 < FFNTP_BLOCK_SIZE', 'block >> 48 != FFNTP_BLOCK_SIZE',
     'case_42'),
    (26, 'counter', 'was_suspended', 'suspended_ns - before_ns > SUSPEND_NS ||', '', 'case_26'),
    (26, 'counter', 'was_suspended', 'source->suspended_ns = suspended_ns;', '', 'case_26'),
    (31, 'reader', 'judge_existing',
     'existing->is_own && is_same_counter(&theirs, identity) ? FATE_ADOPT : FATE_RETIRE', 'FATE_RETIRE',
     'case_31_the_next'),
    (32, 'reader', 'map_page',
     'if (!is_device(source) && source->status.st_size < FFNTP_PAGE_SIZE) return FFNTP_PAGE_TRUNCATED;', '', 'case_32'),
    (32, 'reader', 'map_page',
     'if (!S_ISREG(source->status.st_mode) && !is_device(source)) return FFNTP_PAGE_MISSING;', '', 'case_32'),
    (32, 'reader', 'open_path', '| O_NONBLOCK', '', 'case_32'),
    (32, 'reader', 'map_existing',
     'if (status.st_size < FFNTP_PAGE_SIZE) return ffntp_page_result_text(FFNTP_PAGE_TRUNCATED);', '', 'case_32'),
    (32, 'reader', 'judge_existing', 'if (result != FFNTP_PAGE_OK) return ffntp_page_result_text(result);', '',
     'case_32'),
    (33, 'reader', 'judge_boot', '== 0 ? FFNTP_PAGE_OK : FFNTP_PAGE_OTHER_BOOT', '!= 1 ? FFNTP_PAGE_OK : FFNTP_PAGE_OTHER_BOOT',
     'case_33_a_page_of_another_world'),
    (33, 'reader', 'judge_boot', 'return FFNTP_PAGE_UNKNOWN_BOOT;', ';', 'case_33_a_page_without_a_boot_id'),
    (33, 'reader', 'judge_boot', 'if (is_in_memory(descriptor)) return FFNTP_PAGE_OK;', '',
     'case_33_boot_ids_do_not_matter'),
    (33, 'reader', 'is_same_counter', 'memcmp(a->boot_id, unknown, sizeof unknown) != 0 &&', '',
     'case_33_a_page_without_a_boot_id'),
    (33, 'reader', 'judge_identity', 'return FFNTP_PAGE_OTHER_NAMESPACE;', ';', 'case_33_a_page_of_another_world'),
    (33, 'reader', 'judge_identity',
     'ffntp_counter_refusal(theirs->counter_kind) == NULL ? FFNTP_PAGE_OK : FFNTP_PAGE_NO_COUNTER', 'FFNTP_PAGE_OK',
     'case_33_a_page_of_another_world'),
    (33, 'reader', 'now_carefully',
     'if (!copy_map(reader, &map, &now, &published)) return FFNTP_CLOCK_BUSY; if (map.counter_kind != reader->counter_kind)',
     'if (!copy_map(reader, &map, &now, &published)) return FFNTP_CLOCK_BUSY; if (false)', 'case_33_a_page_that_changes'),
    (33, 'reader', 'ffntp_page_read_line', '|| (uint8_t)key != kind', '', 'case_33_a_page_that_changes'),
    (33, 'reader', 'replace', 'if (retiring != NULL) retire(retiring);', '', 'case_33_a_page_of_another_counter'),
    (33, 'reader', 'judge_existing', '&& is_same_counter(&theirs, identity)', '', 'case_33_a_page_of_another_counter'),
    (33, 'counter', 'ffntp_counter_check', 'return FFNTP_COUNTER_LOST;', ';', 'case_33_another'),
    (33, 'counter', 'ffntp_counter_check', '!has_changed &&', '', 'case_33_another'),
    (33, 'counter', 'ffntp_counter_check', '(has_slept || !is_whole || is_due) &&', '', 'case_33_another'),
    (33, 'counter', 'ffntp_counter_check', 'has_slept || !is_whole ||', '', 'case_33_another'),
    (26, 'counter', 'ffntp_counter_check', '&& !has_slept', '', 'case_26'),
    (26, 'counter', 'ffntp_counter_check', '&& is_whole', '', 'a_counter_that_jumped'),
    (26, 'counter', 'has_jumped', 'raw_ns < 0 ||', '', 'a_raw_clock_that_ran_backwards'),
    (26, 'counter', 'has_jumped', 'apart_ns > allowed_ns ||', '', 'a_counter_that_jumped'),
    (26, 'counter', 'has_jumped', '|| apart_ns < -allowed_ns', '', 'a_counter_that_jumped'),
    (26, 'counter', 'has_other_rate', 'ratio > 1 + RATE_CHANGE ||', '', 'a_counter_with_a_different_rate'),
    (26, 'wakeup', 'open_vmclock', '&& can_be_polled(device)', '', 'a_device_that_cannot'),
    (26, 'wakeup', 'open_vmclock', '(uint32_t)load(wakeup, AT_MAGIC) != VMCLOCK_MAGIC', 'false', 'a_device_that_is_no'),
    (26, 'wakeup', 'ffntp_wakeup_rearm', 'rearm_vmclock(wakeup);', ';', 'vmclocks_marker'),
    (26, 'wakeup', 'has_stalled', '|| now_ns - wakeup->looked_ns < CALENDAR_NS', '', 'a_guest_that_was_stopped'),
    (26, 'wakeup', 'ffntp_wakeup_open', 'source->may_jump &&', '', 'the_rtc_is_read'),
    (26, 'wakeup', 'ffntp_wakeup_disrupted', 'wakeup->stalls = wakeup->stall.epoch;', '', 'a_guest_that_was_stopped'),
    (26, 'session', 'ffntp_session_has_effect', '|| is_set_back(session, input)', '', 'test_a_counter_set_back_between'),
    (26, 'session', 'is_set_back', '|| input->kind == FFNTP_INPUT_REQUEST', '', 'test_a_request_behind'),
    (26, 'session', 'is_set_back', '> FFNTP_SET_BACK_S', '> 0', 'test_a_counter_set_back_between'),
    (26, 'ensemble', 'shows_disruption', '(event->kind == FFNTP_EVENT_DISRUPTED && !is_of_counter(input))', 'false',
     'test_a_counter_that_was_set_back_between'),
    (26, 'ensemble', 'ffntp_ensemble_begin_doubt', '!ensemble->member[number].is_right ||', '', 'test_one_server_that_steps'),
    (26, 'ensemble', 'settle_doubt', 'lasted_s < FFNTP_ENSEMBLE_DOUBT_S &&', '', 'test_a_doubt_ends'),
    (26, 'ensemble', 'settle_doubt', '&& 2 * confirmed <= ballot->count', '', 'test_one_server_that_steps'),
    (26, 'ensemble', 'ffntp_ensemble_status', 'if (ensemble->is_in_doubt) return FFNTP_STATUS_DISRUPTED;', '',
     'test_a_jump_of_the_counter'),
    (26, 'reader', 'is_undisturbed', 'is_near(suspended_ns - then->suspended_ns, KERNEL_NS) &&', '', 'a_reading_is_checked'),
    (26, 'reader', 'ffntp_linux_now_checked', 'then.counter == 0 ||', '', 'a_reading_is_checked'),
    (42, 'reader', 'judge_existing', 'if (result == FFNTP_PAGE_VERSION) return NULL;', '', 'case_42'),
    (43, 'reader', 'now_carefully', 'ffntp_page_is_set_back(&map, published, now) &&', 'false &&', 'case_43'),
    (43, 'reader', 'now_carefully', 'ffntp_page_is_set_back(&map, published, now)', '(int64_t)(now - map.at) < 0', 'case_43'),
    (43, 'reader', 'ffntp_page_is_set_back', '(published != 0 && ffntp_reading_is_behind(map, published, now))', 'false',
     'case_43_a_counter_behind_its_publication'),
    (43, 'reader', 'ffntp_page_read_line', '|| (int64_t)(now - ffntp_page_load(page, FFNTP_AT_PUBLISHED)) < 0', '',
     'case_43_a_counter_behind_its_publication'),
    (43, 'clock', 'ffntp_reading_judge', 'now - map->at == UINT64_C(1) << 63', 'false', 'case_43_half'),
    (43, 'clock', 'ffntp_reading_judge', 'map->period_shift > 62 ||', '', 'case_43_any'),
    (43, 'clock', 'ffntp_clock_at', 'if (elapsed.s >= FFNTP_READING_ELAPSED_LIMIT_S) return FFNTP_CLOCK_RANGE;', '',
     'case_43_results'),
    (43, 'clock', 'judge_scale', 'ffntp_reading_is_far(map->time.s) ||', '', 'case_43_results'),
    (43, 'clock', 'error_ns', 'whole_ns.high != 0 ||', '', 'case_43_bounds'),
    (43, 'clock', 'error_ns', 'sum_ns < drift_ns ||', '', 'case_43_bounds'),
    (43, 'clock', 'ffntp_clock_at', 'if (bound_ns == UINT64_MAX) return FFNTP_CLOCK_RANGE;', '', 'case_43_bounds'),
    (43, 'clock', 'ffntp_clock_duration', 'ticks == UINT64_C(1) << 63 ||', '', 'case_43_half'),
    (43, 'clock', 'span_to_ns', 'if (span.s >> 33 != 0) return false;', '', 'case_43_results'),
    (3, 'law_stamps', 'examine', 'if (filter->has_time && stamp->tf == filter->at) return FFNTP_REFUSED_DUPLICATE;',
     '', 'test_what_is_no_stamp'),
    (15, 'law_stamps', 'examine',
     'if (!(residence_s >= -FFNTP_SERVER_ORDER_S - stamp->precision_s)) return FFNTP_REFUSED_TIMESTAMPS;', '',
     'test_what_is_no_stamp'),
    (15, 'law_stamps', 'examine',
     'residence_s < span_s * (1 + rate_error) + stamp->precision_s ? FFNTP_ACCEPTED : FFNTP_REFUSED_RESIDENCE',
     'FFNTP_ACCEPTED', 'test_what_is_no_stamp'),
    (26, 'law_stamps', 'examine', 'span_s > 0 && since_s >= 0', 'since_s >= 0', 'test_what_is_no_stamp'),
    (26, 'law_stamps', 'examine', 'span_s > 0 && since_s >= 0', 'span_s > 0', 'test_what_is_no_stamp'),
    (26, 'law_stamps', 'examine', '&& since_s < LONGEST_GAP_S', '', 'test_what_is_no_stamp'),
    (26, 'law_stamps', 'examine', 'if (!(span_s <= FFNTP_MAX_RTT_S * (1 + rate_error))) return FFNTP_REFUSED_LATE;',
     '', 'test_what_is_no_stamp'),
    (16, 'law_stamps', 'rounding2', 'return step2 > 0 ? step2 / 12 * step2 / (step2 + 12 * spread2) : 0;', 'return 0;',
     'test_a_server_whose_clock_ticks'),
    ('numbers', 'law_stamps', 'rounding2', 'step2 > 0 ? step2 / 12', 'true ? step2 / 12',
     'test_anything_leaves_numbers'),
    ('floats', 'law_density', 'ffntp_law_enter', 'ffntp_fmax(2 * sd, narrowest(x))', '2 * sd',
     'test_delays_of_any_size'),
    ('floats', 'law_density', 'ffntp_law_enter', 'is_sound || law->least[0].count + law->least[1].count == 0',
     'is_sound', 'test_generations_forget'),
    ('bank', 'law_clock', 'admit', 'clock->weight[i] *= 1 - NEW_WEIGHT;', '', 'test_the_bank_slides'),
    (44, 'clock', 'ffntp_time_plus', '(int64_t)sum.s, sum.frac', '(int32_t)sum.s, sum.frac', 'case_44'),
    ('bound', 'clock', 'ffntp_clock_at', 'before.frac |= before_ns == 0;', '', 'a_bound_of_nothing'),
    ('bound', 'clock', 'ffntp_clock_at', 'before_ns = map->maxerror_before_ns + drift_ns',
     'before_ns = map->maxerror_after_ns + drift_ns', 'interval_holds'),
    ('bound', 'page', 'ffntp_page_read_line', 'ffntp_distance(before_ns), ffntp_distance(after_ns)',
     'ffntp_distance(bound_ns), ffntp_distance(bound_ns)', 'the_line_says'),
    ('state', 'estimator_state', 'ffntp_estimator_state_percent', 'ffntp_is_within(probability, 0, 1) ?', 'true ?',
     'test_refuses_what'),
    ('state', 'estimator_state', 'ffntp_estimator_state_wander', 'ffntp_is_within(wander_per_s, 0, 1) ?', 'true ?',
     'test_refuses_what'),
    ('bound', 'page', 'ffntp_page_pack_maxerror', 'ffntp_larger(map->maxerror_before_ns, map->maxerror_after_ns)',
     'map->maxerror_before_ns', 'vmclock_readers'),
    ('busy', 'stamping', 'ffntp_udp_receive', 'events & POLLIN ? woke : ffntp_counter_read(source)', 'woke',
     'what_poll'),
    ('names', 'lookup', 'finish', 'lookup->thread = NULL;', '', 'a_name_is_found'),
    ('names', 'lookup', 'fail', 'lookup->next_s = now_s + lookup->retry_s;', 'lookup->next_s = now_s;', 'a_name_that_fails'),
    ('names', 'lookup', 'fail', '2 * lookup->retry_s < RETRY_LAST_S ? 2 * lookup->retry_s : RETRY_LAST_S',
     '2 * lookup->retry_s', 'a_name_that_fails'),
    ('names', 'lookup', 'fail', 'lookup->problem == NULL || strcmp(lookup->problem, problem) != 0', 'true',
     'a_problem_is_reported'),
    ('names', 'lookup', 'begin', 'lookup->thread != NULL ?', 'true ?', 'without_a_thread'),
    ('names', 'lookup', 'ffntp_lookup_renew', 'lookup->problem == NULL &&', '', 'a_name_whose_server'),
    ('names', 'lookup', 'ffntp_lookup_renew', 'lookup->next_s = lookup->ended_s + RENEW_S;', 'lookup->next_s = 0;',
     'a_name_whose_server'),
    ('names', 'lookup', 'ffntp_lookup_close', 'ffntp_resolver_abandon(lookup->thread);', '', 'a_thread_that_still'),
    ('names', 'lookup', 'ffntp_lookup_poll', 'ffntp_resolve_has_zone(lookup->name)', 'false', 'an_interface_that'),
    ('names', 'lookup', 'keep_address', '&& !ffntp_resolve_has_zone(lookup->name)', '', 'the_address_of_an_interface'),
    ('names', 'lookup', 'keep_address', 'servers->place = NOT_FOUND;', '', 'an_address_that_answers'),
    ('names', 'lookup', 'take_found', '!ffntp_address_is_some(&servers->address)', 'false', 'a_numeric_server'),
    ('names', 'servers', 'ffntp_resolve_numeric', '(!ffntp_resolve_has_zone(host.name) || is_zoned(&host)) &&', '', 'refuses_what_is'),
    ('names', 'servers', 'ffntp_resolve', '|| ffntp_resolve_has_zone(name)', '', 'refuses_what_is'),
    ('names', 'servers', 'is_zoned', "zone[0] != '\\0' &&", '', 'names_are_told'),
    ('names', 'servers', 'is_zoned', 'strlen(zone) < IF_NAMESIZE &&', '', 'names_are_told'),
    ('names', 'servers', 'ffntp_resolve_is_name', '|| strpbrk(host.name, "[]") != NULL', '', 'names_are_told'),
    ('names', 'servers', 'ffntp_resolve_is_name', "if (ffntp_srv_is_name(host.name)) return strchr(name, ':') == NULL;", '',
     'names_are_told'),
    ('names', 'srv', 'read_target', 'if (record->size < FIXED_SIZE) return false;', '', 'malformed_messages'),
    ('names', 'srv', 'read_target', '== (int)(record->size - FIXED_SIZE)', '> 0', 'malformed_messages'),
    ('names', 'srv', 'is_server', 'target->port != 0 &&', '', 'targets_that_are'),
    ('names', 'srv', 'is_server', "target->host[0] != '\\0' &&", '', 'targets_that_are'),
    ('names', 'srv', 'is_server', '&& strpbrk(target->host, ":%[]/") == NULL', '', 'targets_that_are'),
    ('names', 'srv', 'take_record', '|| found->count == FFNTP_SRV_TARGETS', '', 'further_records'),
    ('names', 'srv', 'take_record', 'record->type != ns_t_srv || record->dns_class != ns_c_in ||', '',
     'records_are_read'),
    ('names', 'srv', 'count_equals', '&& found->target[end].priority == found->target[first].priority', '',
     'a_lower_priority'),
    ('names', 'config', 'ffntp_serverline_check', 'ffntp_srv_is_name(server->name) &&', 'false &&', 'refuses_with_the_line'),
    ('names', 'loop', 'ffntp_peer_timer', 'if (ffntp_session_wants_request(peer->session) && !can_ask(peer)) wait_until_it_can(peer, now);', '', 'without_an_address'),
    ('control', 'loop', 'can_ask', '!peer->is_offline &&', '', 'an_offline_server'),
    ('names', 'loop', 'ffntp_peer_move', 'if (is_first)', 'if (false)', 'the_first_address'),
    (26, 'loop', 'check_counter', 'ffntp_sync_input(sync, input);', '',
     'a_counter_that_was_disrupted'),
    (33, 'loop', 'ffntp_sync_step', 'if (sync->is_lost) return;', '', 'a_counter_that_is_lost'),
    (31, 'loop', 'publish_if_due', 'session->keeps_former && map.status == FFNTP_STATUS_INITIALISING', 'false', 'what_a_former'),
    (31, 'loop', 'publish_if_due', '&& map.status == FFNTP_STATUS_INITIALISING', '', 'what_a_former'),
    ('busy', 'loop', 'work_timer', 'session->is_paused && ffntp_counter_is_before(session->now, session->pause_until)', 'false',
     'nothing_is_asked'),
    ('busy', 'loop', 'receive', 'if (ffntp_peer_receive(', 'while (ffntp_peer_receive(', 'what_poll_said_counts'),
    ('many', 'loop', 'revents_of', 'if (ready[i].fd == descriptor) return', 'return', 'what_poll_said_is_of_one'),
    ('many', 'loop', 'ffntp_sync_change', '|| !keeps_time(sync, lineup)', '', 'a_lineup_without'),
    ('many', 'loop', 'ffntp_sync_change', '!ffntp_sync_is_many(sync) ||', '', 'a_lone_server'),
    ('many', 'servers', 'is_rejected', 'i < pool->rejections && i < FFNTP_POOL_REJECTED', 'i < pool->rejections',
     'a_pool_rejects_any'),
    ('many', 'servers', 'ffntp_pool_choose', '!is_rejected(pool, address) &&', '', 'a_pool_chooses'),
    ('many', 'servers', 'ffntp_pool_choose', '&& !is_used(context, address)', '', 'a_pool_chooses'),
    ('many', 'servers', 'ffntp_lineup_renew', 'if (now_s < server->renew_at_s) return;', '', 'a_pool_that_lacks'),
    ('many', 'servers', 'ffntp_lineup_renew', 'lookup->problem == NULL && lookup->ended_s > server->rejected_s', 'true',
     'addresses_that_were_given_up'),
    ('many', 'servers', 'ffntp_lineup_poll', '|| lineup->server[i].former >= 0', '', 'of_a_lineup'),
    ('names', 'loop', 'ffntp_sync_fill', 'address != NULL ||', 'true ||', 'servers_without_an_address'),
    ('names', 'loop', 'ffntp_sync_step', 'check_counter(sync);', 'if (ffntp_sync_has_server(sync)) check_counter(sync);',
     'the_counter_is_checked'),
    ('names', 'loop', 'ffntp_sync_follow', 'if (is_first) begin_asking(sync, peer);', '', 'a_lone_name'),
    ('many', 'servers', 'ffntp_lineup_is_same_key', '&& memcmp(of_a, of_b, sizeof(of_a)) == 0', '', 'keys_are_compared'),
    ('many', 'config', 'ffntp_serverline_check', 'if (ffntp_config_members(config) + ffntp_config_server_members(server) > FFNTP_CONFIG_SERVERS)',
     'if (false)', 'counts_the_members'),
    ('many', 'config', 'ffntp_config_add_server', 'ffntp_config_members(config) == FFNTP_CONFIG_SERVERS ||', '', 'refuses_more_servers'),
    ('busy', 'stamping', 'ffntp_stamping_resolve', 'stamping->tx_ns, rate).earliest) - unsure;',
     'stamping->tx_ns, rate).earliest);', 'wide_brackets'),
    ('stepped', 'stamping', 'to_span', '.latest = ffntp_fmax(from_before + unsure_before, end + from_after + unsure_after)',
     '.latest = end + from_after + unsure_after', 'a_step_while'),
    ('stepped', 'stamping', 'to_span',
     '.earliest = ffntp_fmin(from_before - unsure_before, end + from_after - unsure_after)',
     '.earliest = from_before - unsure_before', 'neither_stamp'),
    ('stepped', 'stamping', 'to_span', 'ffntp_fabs(from_after) * rate.error', '0', 'neither_stamp'),
    ('stepped', 'stamping', 'measure_rate', 'baseline >= BASELINE_LEAST * length &&', '', 'without_a_known'),
    ('stepped', 'stamping', 'ffntp_udp_open', ', .stamping = udp->stamping', '', 'the_bracket_before'),
    ('busy', 'stamping', 'ffntp_stamping_resolve', 'stamping->rx_ns, rate).latest) + unsure;',
     'stamping->rx_ns, rate).latest);', 'wide_brackets'),
    ('standstill', 'standstill', 'look', 'gap_s > TOLERANCE_S || gap_s < -TOLERANCE_S', 'gap_s > TOLERANCE_S',
     'test_a_counter_that_jumps'),
    ('standstill', 'standstill', 'look', 'self->epoch++; begin_window(self, seconds, now);', 'self->epoch++;',
     'test_a_standstill'),
    ('standstill', 'standstill', 'look', 'seconds - self->begin_s >= WINDOW_S', '0', 'test_an_hour'),
    ('standstill', 'standstill', 'look', 'if (seconds < 0) return;', '', 'test_a_calendar_that_cannot'),
    ('standstill', 'standstill', 'look', 'self->begin_s < 0', '0', 'test_a_calendar_that_cannot'),
    ('standstill', 'standstill', 'ffntp_standstill_epoch',
     'if (now - self->looked_at >= self->frequency_hz / 1000 * LOOK_MS)', '', 'test_the_calendar'),
    ('port', 'port', 'is_whole', 'return went_on && is_same;', 'return went_on;', 'test_a_sleep'),
    ('follow', 'follow', 'ffntp_follow_page', 'link.offset == follow->link.offset &&', '', 'test_another_page'),
    ('follow', 'follow', 'ffntp_follow_lose', 'follow->followed = NULL;', '', 'test_a_page_that_vanishes'),
    ('follow', 'follow', 'ffntp_follow_lose', 'FFNTP_STATUS_FREE_RUNNING : status',
     'FFNTP_STATUS_FREE_RUNNING : FFNTP_STATUS_FREE_RUNNING', 'test_a_page_that_vanishes'),
    ('follow', 'follow', 'look', 'map->counter_kind == follow->map.counter_kind &&', '', 'test_a_page_that_cannot'),
    ('port', 'port', 'ffntp_drive_configure', 'config->counter_may_jump = true;', '', 'test_a_jump'),
    ('port', 'port', 'make_nonce', 'sizeof bytes)) return 0;', 'sizeof bytes)) return 77;', 'test_without_random_bytes_nothing'),
    ('port', 'session', 'work_timer', 'session->is_paused && ffntp_counter_is_before(session->now, session->pause_until)', 'false',
     'test_without_a_nonce'),
    ('port', 'session', 'begin_request', 'if (!session->wants_request) return;', '', 'test_a_request_that_is_not_wanted'),
    ('port', 'session', 'replace_counter', 'if (is_hint(input))', 'if (true)', 'test_a_hint_out_of_range'),
    ('port', 'session', 'continue_from', 'former == NULL ||', '', 'test_a_former_map_without'),
    ('port', 'session', 'continue_from', '|| session->map.status != FFNTP_STATUS_INITIALISING', '', 'test_a_former_map_that'),
    ('port', 'session', 'take_datagram', 'session->now = input->at;', ';', 'test_a_counter_set_back'),
    ('port', 'session', 'take_datagram', '|| event.verdict == FFNTP_REFUSED_COUNTER', '', 'test_a_reply_in_the_tick'),
    ('port', 'session', 'advance', 'if (is_disrupted || ffntp_counter_is_before(session->now, input->at))', '',
     'test_a_datagram_may_be_earlier'),
    ('port', 'session', 'forget_readings', 'session->is_awaiting = session->is_paused = false;', 'session->is_paused = false;',
     'test_a_disruption_is_published'),
    ('port', 'session', 'forget_readings', 'session->is_awaiting = session->is_paused = false;', 'session->is_awaiting = false;',
     'test_a_disruption_ends_a_pause'),
    ('port', 'port', 'turn', '/ (INT64_C(1) << unused)', '', 'test_it_keeps_time'),
    (44, 'clock', 'ffntp_time_plus', 'sum = ffntp_span_plus((struct ffntp_span){ (uint64_t)t.s,',
     'sum = ffntp_span_plus((struct ffntp_span){ (uint32_t)t.s,', 'case_44'),
    (43, 'device', 'look_at',
     'return device->is_connected ? device->ops->look(device, look) : FFNTP_CLOCK_DISCONNECTED;',
     'return device->ops->look(device, look);', 'before_connect'),
    (43, 'device', 'ffntp_device_connect', 'if (device->is_connected) return "the clock device is connected already";',
     '', 'before_connect'),
    (30, 'device', 'ffntp_page_device_look', 'ffntp_page_try_read(page, begun, &copy.map)',
     'ffntp_page_try_read(page, ffntp_page_begin(page), &copy.map)', 'a_map_that_comes_while'),
    (30, 'device', 'ffntp_device_elapsed', 'since_ns > 0 ? (uint64_t)since_ns : 0', '(uint64_t)since_ns',
     'elapsed_time_begins'),
    (30, 'reader', 'copy_steady', '(begun & 1) == 0 &&', '', 'case_31_a_page_left_in_mid_update_is_continued'),
    (30, 'device', 'ffntp_page_device_steady', 'if (ffntp_page_is_whole(page, begun)) { *now = read;',
     'if (true) { *now = read;', 'a_map_that_comes_while'),
    (30, 'device', 'ffntp_device_connect', 'if (result != FFNTP_CLOCK_OK) {', 'if (false) {', 'a_page_that_is_being'),
    (43, 'device', 'judge_mark', 'if (mark->boot != device->boot) return FFNTP_CLOCK_OTHER_BOOT;', '',
     'marks_of_another'),
    (26, 'device', 'judge_mark', 'if (mark->counter_marker != map->counter_marker) return FFNTP_CLOCK_DISRUPTED;', '',
     'marks_of_before'),
    ('bound', 'bound', 'ffntp_bound_from_stamp', '+ rate.period_s;', ';', 'test_a_tick'),
    (26, 'ruling', 'ask_soon', 'is_just_asked ?', 'false ?', 'test_counter_that_goes_back_each'),
    (26, 'ruling', 'ask_soon', '|| polling->asked - now < pause', '', 'test_counter_that_goes_back_each'),
    ('congestion', 'beginning', 'watch_estimate', 'if (plan->decision.outside_s > 0)', 'if (false)', 'test_the_default_forgets'),
    ('congestion', 'ruling', 'ffntp_clock_disrupted', 'ffntp_fmax(clock->rate.max_error, FFNTP_DISRUPTED_PERIOD_ERROR)',
     'FFNTP_DISRUPTED_PERIOD_ERROR', 'test_disruption_before_the_rate'),
    ('rate', 'rate_range', 'ffntp_rate_range_store',
     'range->least_s > range->most_s + FFNTP_RATE_BAND_SHARE * drift_s(range)', 'false', 'test_it_begins_again'),
    ('rate', 'rate_range', 'keep', 'thin(range, 1);', 'drop(range, 0); (void)thin;', 'test_the_oldest'),
    ('rate', 'rate_range', 'outdated', 'count + 1 < range->count && is_outdated', 'false && is_outdated',
     'test_old_baselines'),
    ('rate', 'rate_range', 'ffntp_rate_range_know', 'if (least_s > most_s) return;', '', 'test_what_a_former'),
    ('rate', 'rate_range', 'ffntp_rate_bound_with', 'ffntp_fmin(rate.period_s * (1 - rate.max_error), period_s)',
     'period_s', 'test_an_estimator_only'),
    ('rate', 'rate_range', 'ffntp_rate_range_now',
     'between(range->least_s - drift_s(range), range->most_s + drift_s(range))',
     'between(range->least_s, range->most_s)', 'test_a_rate_that_moves'),
    ('rate', 'ruling', 'ffntp_clock_introduce', 'ffntp_rate_range_know(&clock->range, (struct ffntp_rate_bound){ period_s, maxerror });',
     '', 'test_successor'),
    ('trust', 'dissent', 'persists', 'lasted_s >= FFNTP_DISSENT_PERSIST_S &&', '(void)lasted_s,',
     'test_a_candidate_that_persists'),
    ('trust', 'dissent', 'persists', 'candidate->agreed >= FFNTP_DISSENT_EXCHANGES &&', '',
     'test_a_candidate_that_persists'),
    ('trust', 'dissent', 'is_over', 'clock >= candidate->alone ||', '(void)clock,', 'test_one_exchange_is'),
    ('trust', 'dissent', 'is_over', '|| candidate->run >= FFNTP_DISSENT_EXCHANGES', '', 'test_one_exchange_does'),
    ('trust', 'dissent', 'prevails', 'fact->clock_exchanges < FFNTP_DISSENT_YOUNG &&', '', 'test_a_young_clock'),
    ('trust', 'dissent', 'judge', 'candidate->excludes_clock && candidate->clock_alone == 0 ?', 'false ?',
     'test_stories_that_nothing'),
    ('trust', 'dissent', 'agrees',
     'if (!ffntp_bound_meets(&candidate->bound, &interval, rate, FFNTP_DISSENT_OVERLAP)) return false;', '',
     'test_no_candidate_bridges'),
    ('trust', 'dissent', 'begin_candidate', 'drop(dissent, weakest(dissent));', 'drop(dissent, 0); (void)weakest;',
     'test_strays'),
    ('trust', 'trust', 'status', 'clock->confirmed < FFNTP_SYNCHRONISED_EXCHANGES ||', '', 'test_an_honest_beginning'),
    ('trust', 'trust', 'store_proof', '|| ffntp_bound_meets(&clock->bound, &plan->interval, nominal, 0)',
     '|| ((void)nominal, true)', 'test_an_honest_beginning'),
    ('trust', 'trust', 'ffntp_clock_map', 'admit_candidates(clock, map);', '(void)admit_candidates;', 'test_both_stories'),
    ('trust', 'trust', 'decide_step', 'plan->keeps_estimator = has_kept_its_rate(clock, association, stamp, plan);',
     'plan->keeps_estimator = true;', 'test_a_bad_reply_at_the_start'),
    ('trust', 'trust', 'has_kept_its_rate', '&& ffntp_fabs(counter_s - server_s) <= allowed_s',
     '&& (counter_s - server_s + allowed_s) < 1e9', 'test_a_rate_that_steps'),
    ('trust', 'trust', 'watch_bound', 'reset_bound(clock, stamp, FFNTP_REASON_STRAIN, FFNTP_PLAN_RANGE_BEGINS, plan);', '',
     'test_a_rate_step_that_a_round_trip_hides'),
    ('trust', 'trust', 'watch_estimate', 'if (clock->accepted > 0 && clock->bound.is_known && ffntp_strain_add_clock(&plan->strain, -association->offset_s))',
     'if (false)', 'test_a_rate_that_steps'),
    ('trust', 'strain', 'ffntp_strain_add', 'early_s = ffntp_fmax(aged->earliest_s - interval->earliest_s, 0);',
     'early_s = aged->earliest_s - interval->earliest_s;', 'test_a_rate_that_is_hardly_known'),
    ('trust', 'strain', 'ffntp_strain_add', 'ffntp_fmin(early_s, late_s) > allowed_s ? 0 :', '',
     'test_ways_that_share_a_turn'),
    ('trust', 'strain', 'ffntp_strain_add', '+ 2 * root_distance_s', '', 'test_a_server_within'),
    ('trust', 'strain', 'ffntp_strain_add', 'strain->allowed_s += strain->excess_s;', '', 'test_queues_show_nothing'),
    ('trust', 'strain', 'count', 'side == run->side ? run->count + 1 : 1', 'run->count + 1', 'test_a_clock_beside'),
    ('coarse', 'client', 'ffntp_clock_server_is_coarse', 'bool is_in_doubt = clock->dissent.count > 0;', 'bool is_in_doubt = true;',
     'test_a_grain_that_is_seen'),
    ('trust', 'ruling', 'decide_rate', '<= FFNTP_WANDER_LIMIT;', '<= 0;', 'test_a_rate_that_steps'),
    ('journal', 'journal', 'take_text', 'if (at == rest->end || *at != *text)', 'if (*at != *text)', 'nothing_beyond'),
    ('journal', 'journal', 'take_word', 'take_digits(rest, value) == 16 && peek_digit(rest) < 0',
     'take_digits(rest, value) > 0', 'malformed_lines'),
    ('journal', 'journal', 'take_hex', '(count == 1 || !begins_with_zero) && peek_digit(rest) < 0', 'peek_digit(rest) < 0',
     'malformed_lines'),
    ('journal', 'journal', 'take_difference',
     '|| size > most || (is_negative && size == 0)) return false; *value = is_negative ? -size',
     ') return false; *value = is_negative ? -size', 'malformed_lines'),
    ('journal', 'journal', 'take_natural', 'if (digit > most || *value > (most - digit) / 10) return false;', '', 'malformed_lines'),
    ('journal', 'journal', 'take_natural', 'digit > most ||', '', 'lines_of_ensembles_that_are_refused'),
    ('journal', 'journal', 'take_number', 'journal->room < 2 ||', '', 'lines_of_ensembles_that_are_refused'),
    ('journal', 'journal', 'read_listed', 'if (entry->number < journal->next_listed)', 'if (false)',
     'ensembles_continue_with_their_members'),
    ('journal', 'journal', 'read_change', 'if (!is_at_end(rest))', 'if (false)', 'lines_of_ensembles_that_are_refused'),
    ('journal', 'journal', 'read_input', 'journal->next_listed = NONE_LISTED;', '', 'ensembles_continue_with_their_members'),
    ('journal', 'journal', 'ffntp_journal_write_member_input', '&& journal->room > 1', '', 'room_for_one'),
    ('journal', 'journal', 'ffntp_journal_write_removed', 'journal->has_session = false;', '', 'room_for_one'),
    ('journal', 'ensemble_journal', 'ffntp_ensemble_input', 'if (has_effect(ensemble, member, input))', '',
     'random_ensembles_replay'),
    ('journal', 'ensemble_journal', 'input_to_all', 'if (!is_single(ensemble) && (input->kind', 'if ((input->kind',
     'with_room_for_one'),
    ('journal', 'journal', 'take_decimal', 'return *value >= least && *value <= most;', 'return true;', 'malformed_lines'),
    ('journal', 'journal', 'take_table', 'table->count == FFNTP_LEAP_TABLE_SIZE ||', '', 'too_many_leap_seconds'),
    ('journal', 'journal', 'take_table', 'return ffntp_leap_table_check(table) == FFNTP_TIMESCALE_OK;', 'return true;',
     'malformed_lines'),
    ('journal', 'journal', 'take_map', 'return map->period > 0;', 'return true;', 'malformed_lines'),
    ('journal', 'journal', 'take_datagram', 'input->length == FFNTP_JOURNAL_DATAGRAM_MAX ||', '', 'too_long_a_datagram'),
    ('journal', 'journal', 'read_head', 'if (version != FFNTP_JOURNAL_VERSION)', 'if (false)', 'lines_in_the_wrong_place'),
    ('journal', 'journal', 'read_line', 'if (!journal->has_head)', 'if (false)', 'lines_in_the_wrong_place'),
    ('journal', 'journal', 'read_input', 'if (!take_value(rest, entry) || !is_at_end(rest))', 'if (!take_value(rest, entry))',
     'malformed_lines'),
    ('journal', 'journal', 'ffntp_journal_write_member_input',
     'if (input->kind == FFNTP_INPUT_DATAGRAM && input->length > FFNTP_JOURNAL_DATAGRAM_MAX) return 0;', '',
     'too_long_a_datagram'),
    ('config', 'client', 'ffntp_client_config_is_valid', 'FFNTP_PERIOD_LEAST_S, FFNTP_PERIOD_MOST_S)',
     'FFNTP_PERIOD_LEAST_S, 1e-2)', 'test_refuses_configurations'),
    ('config', 'client', 'ffntp_client_config_take', 'if (given->size < FIRST_SIZE) return false;', '',
     'test_takes_configurations'),
    ('config', 'client', 'ffntp_client_config_take', 'if (from[i] != 0) return false;', ';',
     'test_takes_configurations'),
    ('config', 'client', 'ffntp_client_config_take', 'i < sizeof *config && i < given->size', 'i < given->size',
     'test_takes_configurations'),
    ('source', 'client', 'ffntp_association_change_server', 'association->has_stamp = false;', '', 'test_of_a_server'),
    ('source', 'client', 'ffntp_association_change_server', 'association->verdicts[i] = 0;', ';', 'test_of_a_server'),
    (26, 'ruling', 'ffntp_clock_can_begin', 'return verdict == FFNTP_ACCEPTED && is_plausible(clock);', 'return is_plausible(clock);',
     'test_counter_that_changed_its_rate_is_not'),
    (26, 'ruling', 'ffntp_publisher_break_counter',
     'publisher->counter_marker = (uint32_t)publisher->disruption_marker;', '', 'test_disruption_after'),
    (26, 'ruling', 'ffntp_publisher_break_counter', 'publisher->counter_marker == former', 'false',
     'test_disruption_whose'),
    (26, 'ruling', 'marker_after', '(int64_t)(now - former) > 0 ? now : former + 1', 'former + 1 + 0 * now',
     'test_disruption_after'),
    (26, 'ruling', 'keep_promises', 'if (publisher->has_map)', 'if (false)', 'test_rate_step'),
    (26, 'ruling', 'keep_promises', 'if (publisher->has_map)', 'if (true)', 'test_false_promise'),
    (26, 'ruling', 'apply_step', 'if (ffntp_clock_may_have_jumped(clock)) ffntp_publisher_break_counter',
     'if (false) ffntp_publisher_break_counter', 'test_counter_that_stood'),
    (26, 'ruling', 'apply_step', 'if (ffntp_clock_may_have_jumped(clock)) ffntp_publisher_break_counter',
     'if (true) ffntp_publisher_break_counter', 'test_server_that_persists'),
    (26, 'ruling', 'ffntp_clock_continue', 'clock->publisher.counter_marker = former->counter_marker;', '', 'test_successor'),
    (31, 'page_cases', 'lay_out', '(uint32_t)ffntp_page_load(page, FFNTP_AT_COUNTER_MARKER) + 1;', '0;',
     'case_31_a_writer_killed_in_mid'),
    (31, 'page_cases', 'rebase_markers',
     'ffntp_page_store(page, FFNTP_AT_COUNTER_MARKER, ffntp_page_pack_marker_pair(0, former->counter_marker));', '',
     'case_31_a_repaired'),
    ('follow', 'follow', 'ffntp_follow_update', 'map.counter_marker != follow->taken.counter_marker', 'true',
     'test_what_changes'),
    ('follow', 'follow', 'ffntp_follow_page', 'follow->counter_marker++;', '', 'test_another_page'),
    (43, 'device', 'judge_mark', 'return FFNTP_CLOCK_FUTURE;', ';', 'marks_of_the_future'),
    (43, 'device', 'measure', 'return FFNTP_CLOCK_NEGATIVE;', ';', 'marks_of_the_future'),
    (43, 'device', 'refine', '|| apart_ns > duration->bound_ns', '', 'a_phase_that_contradicts'),
    (43, 'device', 'ffntp_steady_utc', 'return FFNTP_CLOCK_DISRUPTED;', ';', 'a_counter_that_was_set_back'),
    (43, 'device', 'ffntp_steady_utc', 'return FFNTP_CLOCK_VOID;', ';', 'a_map_that_nobody_keeps'),
    (43, 'steady', 'counted', '(int64_t)(now - steady->at) < 0 ? 0 : now - steady->at', 'now - steady->at',
     'elapsed_goes_on'),
    (43, 'steady', 'run', 'is_followed ? gap : later(gap, ahead)', 'gap', 'a_counter_that_was_set_back'),
    (21, 'device', 'run', '(struct ffntp_time){ renumbered_s(former, next), 0 }', '(struct ffntp_time){ 0, 0 }',
     'long_durations_do_not_mind'),
    (21, 'steady', 'renumbered_s',
     'offset_s(is, next->time) - offset_s(was, ffntp_time_plus(former->time, counted(former, next->at)))', '0',
     'a_table_that_comes_late'),
    (21, 'steady', 'renumbered_s', 'offset_s(is, next->time) - offset_s(was,', 'is->offset_s - offset_s(was,',
     'a_table_that_comes_late'),
    (21, 'device', 'ffntp_fake_tai', 'map->leap_at_s += map->leap_sign != 0 ? later_s : 0;', '',
     'a_leap_second_comes'),
    (43, 'steady', 'latest_utc', 'is_void(former, now) ? former->void_after : now', 'now', 'what_was_void'),
    (31, 'steady', 'ffntp_page_format', 'struct ffntp_steady steady = keep_steady(page, identity);',
     'struct ffntp_steady steady = { .period = 0 };', 'a_writer_killed_in_mid'),
    (33, 'steady', 'keep_steady', '== FFNTP_PAGE_OK && is_same_identity(&theirs, identity)) ffntp_page_load_steady',
     '== FFNTP_PAGE_OK) ffntp_page_load_steady', 'readings_of_another_boot'),
    ('unikernel', 'solo5', 'take_frames',
     'for (unsigned i = 0; i < FRAMES_AT_ONCE && solo5_net_read(card, frame, sizeof frame, &length) == SOLO5_R_OK; i++) ffntp_lwip_frame(frame, length, ffntp_processor_counter());',
     'uint64_t arrived = ffntp_processor_counter(); for (unsigned i = 0; i < FRAMES_AT_ONCE && solo5_net_read(card, frame, sizeof frame, &length) == SOLO5_R_OK; i++) ffntp_lwip_frame(frame, length, arrived);',
     'test_a_frame_that_comes_while'),
    ('unikernel', 'solo5', 'transmit', '*sent = ffntp_processor_counter(); return solo5_net_write',
     '*sent = 0; return solo5_net_write', 'test_it_keeps_time'),
    ('unikernel', 'solo5', 'transmit', 'return solo5_net_write(card, frame, length) == SOLO5_R_OK;',
     'solo5_net_write(card, frame, length); return true;', 'test_a_card_that_vanishes'),
    ('unikernel', 'solo5', 'begin',
     'if (solo5_net_acquire(CARD, &card, &info) != SOLO5_R_OK) return "no network device named " CARD;',
     'solo5_net_acquire(CARD, &card, &info);', 'test_without_a_card'),
    ('unikernel', 'solo5', 'solo5_app_main', 'if (rest_ns > 0)', 'if (rest_ns > 50000000)', 'test_it_keeps_time'),
    ('unikernel', 'minios', 'receive', 'self.came - self.taken == FRAMES ||', '', 'test_more_frames'),
    ('unikernel', 'minios', 'receive', 'length <= 0 ||', '', 'test_more_frames'),
    ('unikernel', 'minios', 'receive', '|| length > FRAME_SIZE) return;', ') return;', 'test_more_frames'),
    ('unikernel', 'minios', 'ffntp_minios_card_take', 'self.frame[slot].length, self.frame[slot].arrived);',
     'self.frame[slot].length, ffntp_processor_counter());', 'test_it_is_as_good'),
    ('unikernel', 'minios', 'ffntp_minios_card_begin',
     'char *refusal = xenbus_write(XBT_NIL, "device/vif/0/feature-no-csum-offload", "1");', 'char *refusal = NULL;',
     'test_it_keeps_time'),
    ('unikernel', 'minios', 'ffntp_minios_card_begin', 'return self.device != NULL;', 'return true;',
     'test_without_a_card'),
    ('unikernel', 'minios', 'step', 'rest_ms < REST_MS ? rest_ms : REST_MS', 'rest_ms + REST_MS',
     'test_it_keeps_time'),
    ('unikernel', 'solo5', 'about', 'stated_hz != 0 ? STATED_PPM : MEASURED_PPM', 'STATED_PPM', 'test_it_keeps_time'),
    ('unikernel', 'solo5', 'random_for_lwip',
     'if (!self.system->port->random(self.system->port->context, (uint8_t *)&bits, sizeof bits)) return (uint32_t)self.system->counter();',
     '', 'test_random_bytes_that_run'),
    ('unikernel', 'solo5', 'received', 'if (!self.is_driven) return;', '', 'test_a_frame_that_nobody'),
    ('unikernel', 'solo5', 'complain', 'self.is_complained ||', '', 'test_an_address_that_comes_late'),
    ('unikernel', 'solo5', 'complain', '|| !is_past(self.began, 1000 * PATIENCE_S)', '',
     'test_an_address_that_comes_soon'),
    ('unikernel', 'solo5', 'look_for_server', 'complain("no server yet: no answer', '(void)("no server yet: no answer',
     'test_a_search_that_takes'),
    ('unikernel', 'solo5', 'look_for_server', 'if (!is_time_again) break;', '', 'test_a_name_that_nobody'),
    ('unikernel', 'solo5', 'look_for_server', 'if (is_time_again) resolve();', '', 'test_a_server_that_is_out'),
    ('unikernel', 'solo5', 'is_past', 'self.system->counter() - since >= self.lwip.counter_hz / 1000 * ms;',
     '(int64_t)(self.system->counter() - since - self.lwip.counter_hz / 1000 * ms) >= 0;', 'test_a_counter_that_runs'),
    ('unikernel', 'solo5', 'ffntp_unikernel_step', 'if (self.is_address_old) ffntp_lwip_renew();', '',
     'test_a_counter_that_stood'),
    ('unikernel', 'solo5', 'disrupt', 'if (is_another_counter(drive))', 'if (false)', 'test_a_machine_that_is_restored'),
    ('unikernel', 'solo5', 'ffntp_processor_disrupted',
     'if (counter_hz != 0) self.port.about.frequency_hz = counter_hz;', '', 'test_a_machine_that_is_restored'),
    ('unikernel', 'standstill', 'ffntp_standstill_disrupted', 'self->epoch++; self->frequency_hz = frequency_hz;',
     'self->epoch++;', 'test_a_counter_of_another'),
    ('unikernel', 'solo5', 'ffntp_clock_replace_counter',
     'clock->publisher.period_shift = ffntp_mapping_shift(hint.period_s); clock->has_estimate = false;',
     'clock->publisher.period_shift = ffntp_mapping_shift(hint.period_s);', 'test_a_machine_that_is_restored'),
    ('unikernel', 'solo5', 'solo5/main.c:take_frames', 'i < FRAMES_AT_ONCE &&', '', 'test_a_flood'),
    ('unikernel', 'solo5', 'look_for_server',
     'print("no address is known for the server, trying again: ", self.options.server); resolve();',
     'print("no address is known for the server, trying again: ", self.options.server);', 'test_a_name_that_nobody'),
    ('unikernel', 'solo5', 'take_event', 'event.kind == FFNTP_EVENT_CHANGE_SERVER && !self.is_resolving', 'false',
     'test_a_server_that_falls'),
    ('unikernel', 'solo5', 'take_event', 'FFNTP_EVENT_CHANGE_SERVER && !self.is_resolving', 'FFNTP_EVENT_CHANGE_SERVER',
     'test_a_search_under_way'),
    ('unikernel', 'solo5', 'rest_ns', 'return wait >= hz / (NS_PER_S / REST_NS) ? REST_NS : wait * NS_PER_S / hz;',
     'return wait * NS_PER_S / hz;', 'test_it_keeps_time'),
    ('unikernel', 'solo5', 'ffntp_unikernel_step', 'ffntp_lwip_poll();', '', 'test_it_keeps_time'),
    ('unikernel', 'solo5', 'begin_drive',
     'if (config.poll_max_s < config.poll_min_s) config.poll_max_s = config.poll_min_s;', '', 'test_it_polls'),
    ('unikernel', 'solo5', 'begin_drive', 'config.poll_min_s = self.options.poll_s;', '', 'test_it_polls'),
    ('unikernel', 'solo5', 'ffntp_unikernel_begin', 'if (options.follows || options.page != 0 || options.probe != 0)',
     'if (false)', 'test_command_lines'),
    ('unikernel', 'solo5', 'ffntp_unikernel_begin', 'options.follows ||', '', 'test_command_lines'),
    ('unikernel', 'solo5', 'ffntp_unikernel_begin', '|| options.probe != 0', '', 'test_command_lines'),
    ('unikernel', 'solo5', 'ffntp_unikernel_is_listening', 'ffntp_session_is_awaiting(self.drive.session) &&', '', 'test_it_keeps_time'),
    ('unikernel', 'solo5', 'ffntp_unikernel_is_listening', '&& !is_past(self.asked, LISTEN_MS);', ';',
     'test_a_server_that_falls'),
    ('unikernel', 'solo5', 'read_port', '|| number > 65535', '', 'test_command_lines'),
    ('unikernel', 'solo5', 'read_port', 'number < 1 || number > 65535', 'number > 65535', 'test_command_lines'),
    ('unikernel', 'solo5', 'read_poll', '|| number > FFNTP_POLL_MOST_S', '', 'test_command_lines'),
    ('unikernel', 'solo5', 'read_address', '&& *address % 4096 == 0', '', 'test_command_lines'),
    ('unikernel', 'solo5', 'options_read', 'if (options->server[0] == 0 && !options->follows)', 'if (false)',
     'test_command_lines'),
    ('unikernel', 'solo5', 'complain', 'if (word.length > sizeof copy - 1) word.length = sizeof copy - 1;', '',
     'test_command_lines'),
    ('unikernel', 'solo5', 'word_copy', 'if (word.length >= size) return false;', '', 'test_command_lines'),
    ('unikernel', 'solo5', 'word_take_number', 'if (value > (UINT64_MAX - digit(left.at[0])) / base) return false;',
     '', 'test_command_lines'),
    ('follow', 'follow', 'ffntp_follow_page', 'page == follow->followed &&', '', 'test_another_page'),
    ('follow', 'follow', 'ffntp_follow_page', '&& link.width == follow->link.width', '', 'test_another_page'),
    ('follow', 'follow', 'look', 'follow->followed != NULL &&', '', 'test_nothing_is_read'),
    ('follow', 'follow', 'look', 'ffntp_page_check(follow->followed, FFNTP_PAGE_SIZE, &identity) == FFNTP_PAGE_OK &&',
     '', 'test_a_page_of_nonsense'),
    ('follow', 'follow', 'look', '&& map->period_shift <= 62', '', 'test_a_page_of_nonsense'),
    ('follow', 'follow', 'ffntp_follow_update', '|| is_taken(follow, &map)', '', 'test_what_changes'),
    ('follow', 'follow', 'is_taken', 'map->status == taken->status &&', '', 'test_each_change'),
    ('follow', 'follow', 'is_taken', 'map->at == taken->at &&', '', 'test_each_change'),
    ('follow', 'follow', 'is_taken', 'map->void_after == taken->void_after &&', '', 'test_each_change'),
    ('follow', 'follow', 'is_taken', '&& map->disruption_marker == taken->disruption_marker', '', 'test_each_change'),
    ('follow', 'follow', 'ffntp_follow_update', 'map.disruption_marker != follow->taken.disruption_marker', 'false',
     'test_what_changes'),
    ('follow', 'follow', 'ffntp_follow_page', 'follow->link = link; follow->has_taken = false;',
     'follow->link = link;', 'test_another_page'),
    ('follow', 'follow', 'saturated_sum', 'return a < UINT64_MAX - b ? a + b : UINT64_MAX;', 'return a + b;',
     'test_a_bound_without'),
    ('follow', 'follow', 'ffntp_follow_update', 'map.void_after += follow->link.offset;', '', 'test_the_time_is'),
    ('follow', 'follow', 'link_error_ns', 'width / 2 + 1', '0', 'test_the_time_is'),
    ('follow', 'follow', 'ffntp_follow_page',
     'if (!ffntp_follow_update(follow)) publish_no_time(follow, FFNTP_STATUS_DISRUPTED, now);',
     'ffntp_follow_update(follow);', 'test_a_page_that_cannot'),
    ('guest', 'virtio', 'is_honest', 'handed_back <= (uint16_t)(queue->given - queue->seen) &&', '',
     'test_it_hands_back_more_than'),
    ('guest', 'virtio', 'is_honest', 'id < queue->size &&', '', 'test_it_hands_back_what_there'),
    ('guest', 'virtio', 'is_honest', '&& (queue->held >> id & 1) != 0;', ';', 'test_it_hands_back_what_it'),
    ('guest', 'virtio', 'virtio_is_alive', '!device->has_lied &&', '', 'test_it_hands_back'),
    ('guest', 'virtio', 'virtio_is_alive', '(DRIVER_OK | NEEDS_RESET | FAILED)', 'DRIVER_OK',
     'test_a_card_that_wants'),
    ('guest', 'virtio', 'virtio_queue_start', 'queue->rings = (struct virtio_rings){ 0 };', '',
     'test_a_card_that_wants'),
    ('guest', 'virtio', 'virtio_begin', 'if (tries > 100000) return false;', '', 'test_a_card_that_does_not'),
    ('guest', 'virtio', 'virtio_free_slot', 'if ((queue->held >> *slot & 1) == 0)', '', 'test_a_frame_that_is_being'),
    ('guest', 'virtio', 'receive', '&& written - header <= CARD_FRAME', '', 'test_it_writes_more'),
    ('guest', 'virtio', 'transmit',
     'virtio_give(&transmit_queue, slot, to_send[slot].bytes, header + (uint32_t)length, false);',
     'virtio_give(&transmit_queue, slot, to_send[slot].bytes, header + (uint32_t)length, false); *sent = machine_counter();',
     'test_a_frame_is_stamped'),
    ('guest', 'virtio', 'virtionet.c:transmit', '|| length > CARD_FRAME', '', 'test_no_more_is_sent'),
    ('guest', 'virtio', 'look', 'virtio_stop(&device);', '', 'test_a_card_that_is_asked'),
    ('guest', 'virtio', 'transmit', 'if (!is_begun || length', 'if (length', 'test_a_card_that'),
    ('guest', 'probe', 'probe_begin',
     'taken_link = page == NULL ? 0 : __atomic_load_n(&page[LINK], __ATOMIC_ACQUIRE);', 'taken_link = 0;',
     'test_a_link_that'),
    ('guest', 'probe', 'probe_answer', '&& now - asked_at < quiet_ticks', '', 'test_a_question'),
    ('guest', 'virtio', 'receive', 'if (!is_begun || !virtio_take', 'if (!virtio_take', 'test_a_card_that_wants'),
    ('xen', 'xenstore', 'try_to_ask', 'if (is_silent && filled() == 0) return XENSTORE_SILENT;', '',
     'test_a_silent_store'),
    ('xen', 'xenstore', 'take_head', '!take(NULL, left) ||', '', 'test_a_store_that_stops'),
    ('xen', 'xenstore', 'wait_for', 'if (amount() < length) xen_event_send(port);', '',
     'test_a_value_that_does_not_fit'),
    ('xen', 'xenstore', 'try_to_ask',
     'if (!wait_for(room, (uint32_t)sizeof *head + head->len)) return XENSTORE_SILENT;', '',
     'test_a_store_that_takes'),
    ('xen', 'xenstore', 'ask', 'if (result != XENSTORE_FOUND) value[0] = 0;', '', 'test_a_value_is_read'),
    ('xen', 'xenstore', 'fall_silent', 'has_changed[i] = watched[i][0] != 0;', ';', 'test_no_answer'),
    ('xen', 'xenstore', 'begin_watch', 'token, sizeof token) != XENSTORE_SILENT;',
     'token, sizeof token) == XENSTORE_FOUND;', 'test_a_watch_that_was'),
    ('xen', 'xenstore', 'xenstore_has_changed', 'if (watched[watch][0] != 0 && !is_registered[watch]) begin_watch(watch);',
     '', 'test_a_watch_that_was'),
    ('xen', 'xenstore', 'attach', 'left = 0;', '', 'test_a_restored'),
    ('xen', 'xenstore', 'answer', '&& head.len < size', '', 'test_a_value_that_does_not_fit'),
    ('xen', 'xenstore', 'take_event', 'if (length > sizeof text)', 'if (false)', 'test_changes'),
    ('xen', 'netfront', 'take_back', 'id >= SEND_PAGES ||', '', 'test_it_hands_back_what'),
    ('xen', 'netfront', 'take_back', '|| (sending >> id & 1) == 0', '', 'test_it_hands_back_what'),
    ('xen', 'netfront', 'free_page', 'if ((sending >> *id & 1) == 0)', 'if (true)', 'test_frames_that_are_sent'),
    ('xen', 'netfront', 'answers', 'if (produced - consumed <= asked - consumed)', 'if (true)',
     'test_it_hands_back_more'),
    ('xen', 'netfront', 'begin_anew', '&& is_online != 0', '', 'test_a_card_that_is_taken'),
    ('xen', 'netfront', 'follow_state', 'begin_anew(); break;', 'break;', 'test_a_backend_that_closes'),
    ('xen', 'netfront', 'follow_backend', 'else if (result == XENSTORE_ABSENT && phase != ALONE)',
     'else if (phase != ALONE)', 'test_a_silent_store'),
    ('xen', 'netfront', 'grant', 'return *number != 0;', 'return true;', 'test_a_table_of_grants'),
    ('xen', 'netfront', 'netfront_resume', 'memset(received_grant, 0, sizeof received_grant);', '',
     'test_without_a_card'),
    ('xen', 'netfront', 'leave', 'if (phase != ALONE) xen_event_close(port);', '', 'test_a_beginning_that_fails'),
    ('xen', 'netfront', 'follow_state', 'if (phase == ALONE) { leave(); } else if (phase == OFFERED)',
     'if (phase == OFFERED)', 'test_a_card_that_is_left'),
    ('xen', 'netfront', 'netfront_begin', '== XENSTORE_ABSENT) return "there is no',
     '!= XENSTORE_FOUND) return "there is no', 'test_without_a_card'),
    ('xen', 'netfront', 'transmit', 'RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&send_ring, is_wanted);',
     'RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&send_ring, is_wanted); *sent = machine_counter();',
     'test_a_frame_is_stamped'),
    ('guest', 'pci', 'pci_capability', 'next != 0 && count < PCI_CAPABILITIES_MOST', 'next != 0',
     'test_capabilities_in_a'),
    ('guest', 'pci', 'pci_region', '(region->is_64 && bar + 1 >= count)', 'false', 'test_what_a_register'),
    ('guest', 'pci', 'pci_region', '!(region->is_64 && pci_read(device, bar_offset(bar + 1)) != 0)', 'true',
     'test_what_a_register'),
    ('guest', 'pci', 'give_addresses', 'window.next + region.size <= window.end', 'true', 'test_nothing_is_placed'),
    ('guest', 'pci', 'admit', '&& !pci_is_enabled(device)', '', 'test_what_the_firmware'),
    ('guest', 'pci', 'pcislot_is_asked_for', '&& (events & STATUS_EXCHANGED) == 0', '', 'test_a_button_for_another'),
    ('guest', 'pci', 'pcislot_is_asked_for', 'if (events != 0) control(slot, 0, events);', '',
     'test_a_button_asks_once'),
    ('guest', 'pci', 'registers_of', '*length < least ||', '', 'test_registers_are_within'),
    ('guest', 'pci', 'registers_of', '*length > region.size || offset', 'offset', 'test_registers_are_within'),
    ('guest', 'pci', 'registers_of', '|| offset > region.size - *length', '', 'test_registers_are_within'),
    ('log', 'log', 'write_now', 'if (count >= 0) errno = EAGAIN;', '', 'a_line_is_lost'),
    ('sandbox', 'confinement', 'make_rules', ': SCMP_ACT_ERRNO(EPERM)', ': SCMP_ACT_LOG', 'test_other_calls'),
    ('sandbox', 'confinement', 'allow_memory', 'PROT_EXEC | PROT_WRITE, PROT_EXEC', 'PROT_EXEC, PROT_EXEC', 'test_memory'),
    ('sandbox', 'confinement', 'allow_memory', 'allow_if(rules, SCMP_SYS(mprotect), 2, PROT_EXEC, 0);',
     'allow(rules, SCMP_SYS(mprotect), 0, NULL);', 'test_memory'),
    ('sandbox', 'confinement', 'allow_sockets', 'allow(rules, SCMP_SYS(socket), 2, route);',
     'allow(rules, SCMP_SYS(socket), 1, route);', 'test_sockets'),
    ('sandbox', 'confinement', 'allow_requests', 'SCMP_SYS(ioctl), 1, UINT32_MAX, requests[i]',
     'SCMP_SYS(ioctl), 1, 0, 0', 'test_requests'),
    ('sandbox', 'confinement', 'allow_requests', 'SCMP_SYS(prctl), 0, UINT32_MAX, (uint64_t)operations[i]',
     'SCMP_SYS(prctl), 0, 0, 0', 'test_other_calls'),
    ('sandbox', 'confinement', 'allow_threads', 'CLONE_THREAD | NAMESPACES, CLONE_THREAD', 'CLONE_THREAD, CLONE_THREAD',
     'test_threads'),
    ('sandbox', 'confinement', 'allow_threads', 'CLONE_THREAD | NAMESPACES, CLONE_THREAD', 'NAMESPACES, 0', 'test_threads'),
    ('sandbox', 'confinement', 'allow_threads', 'SCMP_ACT_ERRNO(ENOSYS)', 'SCMP_ACT_ALLOW', 'test_threads'),
    ('sandbox', 'confinement', 'allow_threads', 'SCMP_SYS(kill), 0, UINT32_MAX, (uint64_t)process',
     'SCMP_SYS(kill), 0, 0, 0', 'test_threads'),
    ('sandbox', 'confinement', 'allow_threads', 'SCMP_SYS(prlimit64), 2, UINT64_MAX, 0', 'SCMP_SYS(prlimit64), 2, 0, 0',
     'test_limits'),
    ('sandbox', 'confinement', 'add_path', 'errno == ENOENT || errno == ENOTDIR ? 0 : errno;', 'errno;', 'test_files_in_own'),
    ('sandbox', 'confinement', 'add_path', 'S_ISDIR(status.st_mode) ? IN_FOLDERS : 0', 'IN_FOLDERS', 'test_files_in_own'),
    ('sandbox', 'confinement', 'ffntp_landlock_apply',
     'if (error == 0 && syscall(SYS_landlock_restrict_self, ruleset, 0) != 0) error = errno;', '', 'test_files_elsewhere'),
    ('faults', 'counter', 'ffntp_counter_open', 'if (!ffntp_counter_identity(chosen, &identity))', 'if (false)',
     'test_the_boot'),
    ('faults', 'counter', 'ffntp_counter_identity', 'return error == 0 || is_missing(error);', 'return true;',
     'test_the_boot'),
    ('guest', 'pci', 'config', 'offset < device->config_length ?', 'true ?', 'test_no_configuration'),
]

# The test program, the function, its text, what stands in its place, and the assertion (core/assert.h) that fails then.
ASSERTIONS = [
    ('bound', 'ffntp_bound_from_stamp', '.is_known = true,', '', 'bound->is_known'),
    ('client', 'between', '(most_s - least_s) / 2', '(least_s - most_s) / 2',
     'rate.period_s > 0 && rate.max_error >= 0'),
    ('bound', 'ffntp_bound_age', 'bound->latest_s += move_s + unsure_s;', 'bound->latest_s += move_s - 1;',
     'bound->earliest_s <= bound->latest_s'),
    ('bound', 'ffntp_bound_intersect', 'if (interval->latest_s < bound->earliest_s) return interval->latest_s - bound->earliest_s;', '',
     'bound->earliest_s <= bound->latest_s'),
    ('promise', 'move_edge', 'drop_overtaken(edge);', '(void)drop_overtaken;', 'is_sorted(edge)'),
    ('promise', 'add_to_edge', 'to < edge->count && covers(line, edge->line[to]);', 'false;', 'is_sorted(edge)'),
    ('client', 'make_claim', 'claim.value_s - bound->earliest_s', 'bound->earliest_s - claim.value_s',
     'claim.before_s >= 0 && claim.after_s >= 0'),
    ('client', 'keep_promises', '*claim = wanted;', 'claim->period_s = -wanted.period_s;', 'claim.period_s > 0'),
    ('client', 'publish_map', '.bound = clock->bound,', '', 'finding->bound.is_known'),
    ('client', 'commit_estimate', 'clock->has_estimate = true;', 'clock->has_estimate = true; clock->estimate.esterror_s = -1;',
     'finding->estimate->period_s > 0 && finding->estimate->esterror_s >= 0'),
    ('client', 'set_map', 'map->period = ffntp_mapping_period(claim->period_s, shift);', 'map->period = 0;',
     'publisher->map.period > 0'),
    ('rate_range', 'ffntp_rate_range_know', 'if (least_s > most_s) return;', '', 'least_s <= most_s'),
    ('rate_range', 'intersect_with_hint', 'range->hint.period_s * (1 - range->hint.max_error)',
     '-3 * range->hint.period_s', 'period_s > 0'),
    ('rate_range', 'keep', 'bound.exchange = range->exchanges;', 'bound.exchange = 1000 - range->exchanges;', 'is_in_order(range)'),
    ('client', 'wait_s', 'ffntp_fmin(FFNTP_TAPER * polling->taper_s, polling->interval_s)', '4 * polling->interval_s',
     'polling->taper_s <= polling->interval_s || polling->burst_left > 0'),
    ('client', 'set_floor', 'set_interval(polling, floor_s, period_s)', 'set_interval(polling, floor_s / 2, period_s)',
     'interval_s >= polling->floor_s'),
    ('client', 'set_floor', 'set_interval(polling, floor_s, period_s)', 'set_interval(polling, floor_s, -period_s)',
     'period_s > 0'),
    ('exchange', 'judge_counter', 'if (!(ticks > 0)) return FFNTP_REFUSED_COUNTER;', '',
     'verdict != FFNTP_ACCEPTED || (int64_t)(stamp->tf - stamp->ta) > 0'),
    ('exchange', 'judge_origin', 'exchange->is_waiting && (origin', '(origin',
     'exchange->is_waiting && exchange->nonce != 0'),
    ('clock', 'ffntp_clock_at', 'before = ffntp_distance(before_ns)',
     'before = ffntp_span_minus((struct ffntp_span){ 0, 0 }, ffntp_distance(before_ns))',
     '!ffntp_time_is_before(reading->estimate, reading->earliest)'),
    ('clock', 'ffntp_clock_at', 'after = ffntp_distance(after_ns)',
     'after = ffntp_span_minus((struct ffntp_span){ 0, 0 }, ffntp_distance(after_ns))',
     '!ffntp_time_is_before(reading->latest, reading->estimate)'),
    ('clock', 'ffntp_clock_at', 'ffntp_larger(map->maxerror_before_ns, map->maxerror_after_ns)',
     'map->maxerror_after_ns', 'bound_ns >= map->maxerror_before_ns && bound_ns >= map->maxerror_after_ns'),
    ('page', 'store_map', 'ffntp_page_store(page, FFNTP_AT_STATUS, ffntp_page_pack_status(from));', '', 'is_stored(page, map)'),
    ('law_clock', 'admit', 'clock->weight[i] *= 1 - NEW_WEIGHT;', '', 'is_distribution(clock)'),
    ('law_clock', 'condense', 'b->p11 -= gain', 'b->p11 -= 2 * gain',
     'b->p00 > 0 && b->p11 >= 0 && b->p01 * b->p01 <= b->p00 * b->p11 * (1 + 1e-9)'),
    ('law_density', 'prepend', 'law->edge[0] = (float)x;', '', 'is_rising(law)'),
    ('law_density', 'fade', 'law->n = law->n * (1 - share) + 1;', 'law->n = -1;', 'law->total > 0 && law->n > 0'),
    ('radclock', 'change', 'floor->ticks = ticks;', 'floor->ticks = ticks + 1000000;',
     'radclock->floor.ticks <= rtt_ticks'),
    ('radclock', 'estimate_now', '.at = radclock->line.at,', '.at = radclock->line.at + 1,',
     'estimate->at == stamp->tf'),
    ('radclock', 'estimate_now', '.esterror_s = radclock->figures.time_s', '.esterror_s = -1',
     'estimate->esterror_s >= 0 && estimate->period_esterror >= 0'),
]


class Bench:
    """Objects of core as it is, and of one file as it would be without its guard."""

    def __init__(self, folder, has_assertions=False):
        self.folder = Path(folder)
        self.has_assertions = has_assertions
        for part in ('core', 'daemon', 'include', 'nts', 'ports', 'tests'):
            unused = shutil.ignore_patterns('traces', 'realtraces', 'reference', 'corpus')
            shutil.copytree(TOP / part, self.folder / part, ignore=unused)
        (self.folder / 'filter.c').write_text(FILTER)
        self.objects = set()
        self.linked = {}

    def copy(self, folder):
        """Copy the bench, with the objects that it has."""
        bench = object.__new__(Bench)
        bench.folder = Path(shutil.copytree(self.folder, folder))
        bench.objects = set(self.objects)
        bench.linked = self.linked
        bench.has_assertions = self.has_assertions
        return bench

    def flags(self, test):
        if self.has_assertions:
            return [*FLAGS, '-O1', '-DFFNTP_ASSERTIONS']
        return [*FLAGS, *(['-O2'] if test in SIMULATING else SANITIZED)]

    def compile(self, test, source, output):
        command = [*CC, *self.flags(test), '-c', source, '-o', output]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        return '' if done.returncode == 0 else done.stderr

    def object_of(self, test, source):
        name = source.replace('/', '-') + ('.fast.o' if test in SIMULATING else '.o')
        if name not in self.objects:
            self.objects.add(name)
            error = self.compile(test, source, name)
            if error:
                sys.exit(error)
        return name

    @staticmethod
    def source_of(test):
        return SOURCES.get(test, f'tests/test_{test}.c')

    def sources_of(self, test):
        patterns = ['core/**/*.c', *PARTS.get(test, []), *(['ports/linux/assertion.c'] if self.has_assertions else [])]
        return [str(path.relative_to(self.folder)) for each in patterns for path in sorted(self.folder.glob(each))]

    def compile_all(self, test):
        """Compile what the test may need, several files at a time."""
        with ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(partial(self.object_of, test), ['filter.c', *self.sources_of(test), self.source_of(test)]))

    def link(self, test, broken):
        """Link the test with the broken objects, and the rest from an archive. Return what was linked, and errors."""
        archive = f'{test}.a'
        if not (self.folder / archive).exists():
            members = [self.object_of(test, source) for source in self.sources_of(test)]
            subprocess.run(['ar', 'rcs', archive, *members], cwd=self.folder, check=True)
        main = self.source_of(test)
        objects = [self.object_of(test, 'filter.c'), broken.get(main) or self.object_of(test, main),
                   *(name for source, name in broken.items() if source != main)]
        libraries = ['-lcmocka', '-lm', '-lnettle', '-lresolv', *LINK.get(test, [])]
        command = [*CC, *self.flags(test), *objects, archive, *libraries, '-Wl,--trace', '-Wl,--trace',
                   '-o', f'program-{test}']
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        return done.stdout, done.stderr if done.returncode else ''

    def run(self, test, wanted=''):
        """Run the linked tests whose names begin so; return the names of those that fail.

        A program that does not end properly fails in the test it was in.
        """
        environment = dict(os.environ, CMOCKA_MESSAGE_OUTPUT='STDOUT', ASAN_OPTIONS='detect_leaks=0',
                           TEST_FILTER=f'{wanted}*')
        try:
            done = subprocess.run([f'./program-{test}', *ARGUMENTS.get(test, [])], cwd=self.folder, capture_output=True,
                                  text=True, check=False, env=environment, timeout=TIME_LIMIT_S)
            output, ended = done.stdout + done.stderr, 'test(s) run.' in done.stdout + done.stderr
        except subprocess.TimeoutExpired as late:
            output, ended = (late.stdout or b'').decode() + (late.stderr or b'').decode(), False
        self.output = output
        started = re.findall(r'\[ RUN      \] (\w+)', output)
        failed = set(re.findall(r'\[  FAILED  \] (\w+)', output)) | (set() if ended or not started else {started[-1]})
        return failed if started else {f'no test begins with {wanted}'}

    def failing_with_guards(self, test, wanted):
        """Return the names of the tests that fail with every guard in place: all together, and those of each row."""
        linked, error = self.link(test, {})
        if error:
            return [error]
        self.linked[test] = [source for source in [*self.sources_of(test), self.source_of(test)]
                             if self.object_of(test, source) in linked]
        with ThreadPoolExecutor(WORKERS) as pool:
            return sorted(set().union(*pool.map(self.run, [test] * (len(wanted) + 1), ['', *wanted])))

    def includes(self, source, header, seen):
        """Whether the source includes the header, itself or through another."""
        for name in re.findall(r'^#include "(.*)"', (self.folder / source).read_text(), re.MULTILINE):
            path = os.path.normpath(os.path.join(os.path.dirname(source), name))
            if path == header:
                return True
            if path not in seen and (self.folder / path).exists():
                seen.add(path)
                if self.includes(path, header, seen):
                    return True
        return False

    def users(self, test, source):
        """Return the files to compile when this one has changed."""
        users = [user for user in self.linked[test] if user == source or self.includes(user, source, set())]
        return users or ([source] if source.endswith('.c') else [])

    def change(self, test, place, new):
        """Link the test with another text in that place; return errors."""
        source = str(place.path.relative_to(TOP))
        text = (self.folder / source).read_text()
        (self.folder / source).write_text(text[:place.begin] + new + text[place.end:])
        broken = {user: f'broken-{number}.o' for number, user in enumerate(self.users(test, source))}
        errors = [error for user in broken if (error := self.compile(test, user, broken[user]))]
        (self.folder / source).write_text(text)
        if errors or not broken:
            return errors or [f'{source} is not part of the test']
        _, error = self.link(test, broken)
        return [error] if error else []

    def without(self, guard, place):
        """Return why the guard is not guarded by its test, or nothing."""
        _, test, _, _, new, expected = guard
        errors = self.change(test, place, new)
        if errors or any(name.startswith(expected) for name in self.run(test, expected)):
            return errors
        # A test may need what the tests before it leave.
        failing = self.run(test)
        if any(name.startswith(expected) for name in failing):
            return []
        return [f'fails instead: {sorted(failing) or "nothing"}']

    def asserted(self, row, place):
        """Return why the assertion does not see the change, or nothing."""
        _, test, _, _, new, assertion = row
        errors = self.change(test, place, new)
        if errors:
            return errors
        self.run(test)
        if f': assertion failed: {assertion}\n' in self.output:
            return []
        return [line for line in self.output.splitlines() if 'assertion failed' in line] or ['no assertion failed']


def find_all(guards):
    """Return the place of each guard or None, and the remark."""
    sources = Sources(TOP, SEARCHED)
    return [sources.find(function, guard) for _, _, function, guard, _, _ in guards]


def judge_all(bench, folder, guards, places):
    """Each guard's problems, in the guards' order; several benches work at a time."""
    idle = queue.Queue()
    idle.put(bench)
    for number in range(1, WORKERS):
        idle.put(bench.copy(f'{folder}/{number}'))

    def judge(guard, found):
        place, remark = found
        if not place:
            return [remark]
        worker = idle.get()
        try:
            return (worker.asserted if worker.has_assertions else worker.without)(guard, place)
        finally:
            idle.put(worker)

    with ThreadPoolExecutor(WORKERS) as pool:
        yield from zip(guards, places, pool.map(judge, guards, places))


def write(number, is_ok, name, remarks):
    print('ok' if is_ok else 'not ok', number, '-', name, flush=True)
    for line in '\n'.join(filter(None, remarks)).splitlines():
        print('#', line, flush=True)


def report_found(guards, places):
    """Write whether each row's guard is found."""
    print(f'1..{len(guards)}')
    for number, (guard, (place, remark)) in enumerate(zip(guards, places), 1):
        write(number, place, f'case {guard[0]}: {guard[5]}, its guard in {guard[2]}', [remark])
    return all(place for place, _ in places)


def report_removed(guards, places, has_assertions=False):
    """Write whether the expected test or assertion fails without each guard."""
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(f'{folder}/0', has_assertions)
        print(f'1..{len(guards) + 1}', flush=True)
        tests = sorted({guard[1] for guard in guards})
        for test in tests:
            bench.compile_all(test)
        wanted = {test: {guard[5] for guard in guards if guard[1] == test and not has_assertions} for test in tests}
        broken = [name for test in tests for name in bench.failing_with_guards(test, wanted[test])]
        write(1, not broken, 'all tests pass with every guard in place', broken)
        for number, (guard, (_, remark), problems) in enumerate(judge_all(bench, folder, guards, places), 2):
            failed += bool(problems)
            fails = f'assert {guard[5]}, broken' if has_assertions else f'case {guard[0]}: {guard[5]} without its guard'
            write(number, not problems, f'{fails} in {guard[2]}',
                  [*problems, '' if remark in problems else remark])
    return not failed and not broken


def is_wanted(guard, place, words):
    names = [str(guard[0]), guard[1], guard[2].rpartition(':')[2]]
    path = str(place.path.relative_to(TOP)) if place else ''
    return not words or any(word in names or guard[5].startswith(word) or f'/{path}'.endswith(f'/{word}')
                            for word in words)


def update(places):
    """Write into this file the functions of the guards that have moved."""
    rows = Path(__file__)
    text = rows.read_text()
    for (case, test, function, guard, _, _), (place, remark) in zip(GUARDS, places):
        if place and remark:
            begin, named, end = (re.escape(part) for part in (f'({case!r}, {test!r}, ', repr(function), repr(guard)))
            text = re.sub(rf'({begin}\s*){named}(?=,\s+{end})', rf'\g<1>{place.name!r}', text, count=1)
            print(remark)
    rows.write_text(text)


def main():
    parser = argparse.ArgumentParser(description='Take guards out of the code, and see tests fail.')
    parser.add_argument('--find', action='store_true', help='only check that each guard is found')
    parser.add_argument('--only', nargs='+', default=[], metavar='WORD', help='file, function, case, program or test')
    parser.add_argument('--assertions', action='store_true', help='the rows of ASSERTIONS instead')
    parser.add_argument('--update', action='store_true', help='write the functions of guards that have moved')
    options = parser.parse_args()
    rows = [('assertion', *row) for row in ASSERTIONS] if options.assertions else GUARDS
    places = find_all(rows)
    if options.update:
        return update(places)
    wanted = [pair for pair in zip(rows, places) if is_wanted(pair[0], pair[1][0], options.only)]
    if not wanted:
        sys.exit(f'guards.py: no row has {" or ".join(options.only)}')
    guards, places = zip(*wanted)
    is_good = report_found(guards, places) if options.find else report_removed(guards, places, options.assertions)
    sys.exit(0 if is_good else 1)


if __name__ == '__main__':
    main()
