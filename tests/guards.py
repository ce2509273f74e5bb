#!/usr/bin/env python3
"""Takes each guard out of core, ports and daemon, one at a time, and sees the test of its case fail. Writes TAP.

Usage: guards.py [TOP]

A row: the case of the hostile network, the test program, the file, the guard, what stands in its place, and the test
that must fail. A guard that is no longer found in the file is a failure too; how it is broken into lines does not matter.
"""
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

TOP = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[1]).resolve()
CC = os.environ.get('CC', 'cc').split()
FLAGS = ['-std=c11', '-O1', '-g', '-ffp-contract=off', '-w', '-fsanitize=address,undefined',
         '-fno-sanitize-recover=undefined', '-D_GNU_SOURCE', '-D__XEN_INTERFACE_VERSION__=0x00040e00',
         '-Iinclude', '-Itests/unikernel']
TIME_LIMIT_S = 40 * float(os.environ.get('PATIENCE', '1'))
WORKERS = min(os.cpu_count() or 1, 4)

EXCHANGE, GRAIN, WIRE, INSTANT = 'core/exchange.c', 'core/grain.c', 'core/wire.c', 'core/instant.c'
TIMESCALE, LEAP, WIRETIME = 'core/timescale.c', 'core/leap.c', 'core/wiretime.c'
SMEAR, RATE_RANGE, STRAIN = 'core/smear.c', 'core/rate_range.c', 'core/strain.c'
DECIDE, UPDATE, CLOCK_STATE, ASSOCIATION = (f'core/{name}.c' for name in ('decide', 'clock_update', 'clock_state', 'association'))
CLIENT, POLLING, BOUND, PUBLISHER = 'core/client.c', 'core/polling.c', 'core/bound.c', 'core/publisher.c'
LAW, LAW_CLOCK, LAW_DENSITY = (f'core/law/{name}.c' for name in ('law', 'law_clock', 'law_density'))
CLOCK, CLOCK_H, PAGE_H = 'core/clock.c', 'core/clock.h', 'core/page.h'
PAGE_READER, PAGE_WRITER = 'core/page_reader.c', 'core/page_writer.c'

DISSENT = 'core/dissent.c'
DEVICE, STEADY = 'core/device.c', 'core/steady.c'

# The files that use a header's inline functions, besides the test itself.
USERS = {CLOCK_H: [CLOCK, PAGE_WRITER], PAGE_H: [PAGE_READER]}

COUNTER, PAGEFILE, READER = 'ports/linux/counter.c', 'ports/linux/pagefile.c', 'ports/linux/reader.c'

DRIVE, FOLLOW, REPORT, STANDSTILL = 'ports/drive.c', 'ports/follow.c', 'ports/report.c', 'ports/standstill.c'
UNIKERNEL, OPTIONS, PROCESSOR_PORT = 'ports/unikernel.c', 'ports/options.c', 'ports/processorport.c'
SOLO5, SOLO5_PORT = 'ports/solo5/main.c', 'ports/solo5/port.c'
MINIOS, MINIOS_PORT, MINIOS_CARD = 'ports/minios/main.c', 'ports/minios/port.c', 'ports/minios/card.c'

GUEST_PCI, GUEST_SLOT, VIRTIO_PCI = 'ports/guest/pci.c', 'ports/guest/pcislot.c', 'ports/guest/virtiopci.c'
VIRTIO, VIRTIO_NET = 'ports/guest/virtio.c', 'ports/guest/virtionet.c'
XENSTORE, NETFRONT = 'ports/guest/xen/xenstore.c', 'ports/guest/xen/netfront.c'

UDP, STAMPING = 'ports/linux/udp.c', 'ports/linux/stamping.c'
SYNC, SURVEY = 'ports/linux/sync.c', 'daemon/survey.c'
SERVERS, RESOLVE = 'ports/linux/servers.c', 'ports/linux/resolve.c'

# A test whose program is another's source.
SOURCES = {'solo5': 'tests/test_unikernel.c', 'minios': 'tests/test_unikernel.c'}

ANY_LINUX = [COUNTER, PAGEFILE, READER, UDP, STAMPING, SYNC,
             *(f'ports/linux/{name}.c' for name in ('leapfile', 'linuxdevice', 'ntpdevice', 'peer', 'random', 'resolve',
                                                    'servers'))]

ANY_UNIKERNEL = [DRIVE, REPORT, STANDSTILL, UNIKERNEL, OPTIONS, PROCESSOR_PORT, 'ports/words.c', 'tests/unikernel/fake.c']

# The files that a test is linked with besides core.
PARTS = {'follow': [FOLLOW],
         'standstill': [STANDSTILL],
         'pci': [GUEST_PCI, GUEST_SLOT, VIRTIO_PCI],
         'virtio': [VIRTIO, VIRTIO_NET],
         'xenstore': [XENSTORE, 'ports/words.c', DRIVE, REPORT],
         'netfront': [NETFRONT, DRIVE, REPORT],
         'probe': ['ports/guest/probe.c'],
         'counter': [COUNTER],
         'reader': [COUNTER, PAGEFILE, READER],
         'stamping': [COUNTER, UDP, STAMPING, 'ports/linux/resolve.c'],
         'servers': [SERVERS, RESOLVE],
         'loop': [*ANY_LINUX, SURVEY],
         'port': [DRIVE, REPORT, 'ports/brook/port.c', 'ports/brook/main.c'],
         'solo5': [*ANY_UNIKERNEL, SOLO5, SOLO5_PORT, 'tests/unikernel/fake_solo5.c'],
         'minios': [*ANY_UNIKERNEL, MINIOS, MINIOS_PORT, MINIOS_CARD, 'tests/unikernel/fake_minios.c']}
LINK = {'counter': ['-Wl,--wrap=clock_gettime'], 'loop': ['-lnettle', '-Wl,--wrap=ffntp_udp_receive', '-Wl,--wrap=ffntp_counter_check']}
ARGUMENTS = {'client': ['law'], 'ruling': ['law']}

GUARDS = [
    (1, 'exchange', EXCHANGE, 'exchange->is_waiting && origin == exchange->nonce', 'exchange->is_waiting', 'case_01'),
    (2, 'exchange', EXCHANGE, 'if (origin == 0)\n\t\treturn FFNTP_REFUSED_ORIGIN;', '', 'case_02_a_zero_origin'),
    (2, 'exchange', EXCHANGE, 'if (nonce == 0)\n\t\treturn false;', '', 'case_02_a_zero_nonce'),
    (3, 'exchange', EXCHANGE, 'exchange->is_waiting = false;\n\texchange->answered_nonce', 'exchange->answered_nonce',
     'case_03_a_replayed'),
    (3, 'exchange', EXCHANGE, '\tend(exchange);\n', '\tif (packet.leap < 3)\n\t\tend(exchange);\n',
     'case_03_a_refused'),
    (4, 'exchange', EXCHANGE, '\tffntp_exchange_expire(exchange);\n\texchange->is_waiting', '\texchange->is_waiting',
     'case_04_a_reply_to_an_older'),
    (4, 'exchange', EXCHANGE, 'exchange->is_waiting = false;\n\texchange->expired_nonce', 'exchange->expired_nonce',
     'case_04_a_reply_after'),
    (5, 'exchange', EXCHANGE, 'origin == exchange->nonce)', 'origin >> 8 == exchange->nonce >> 8)', 'case_05'),
    (6, 'exchange', EXCHANGE, 'packet->receive.units != 0 &&', '', 'case_06'),
    (6, 'exchange', EXCHANGE, 'packet->transmit.units != 0 &&', '', 'case_06'),
    (7, 'exchange', EXCHANGE, 'packet->version < FFNTP_WIRE_VERSION_LEAST ||', '', 'case_07'),
    (7, 'exchange', EXCHANGE, '|| packet->version > FFNTP_WIRE_VERSION', '', 'case_07'),
    (7, 'exchange', EXCHANGE, 'packet->mode != FFNTP_MODE_SERVER', 'false', 'case_07'),
    (8, 'exchange', WIRE, 'length < FFNTP_WIRE_SIZE ||', '', 'case_08'),
    (8, 'wire', WIRE, 'length < FFNTP_WIRE_SIZE ||', '', 'case_08'),
    (8, 'wire', WIRE, 'return left == 0 || left == MAC_NAK || left == MAC_128 || left == MAC_160;', 'return true;',
     'case_08'),
    (9, 'wire', WIRE, 'length < FIELD_LEAST ||', '', 'case_08'),
    (9, 'wire', WIRE, 'length < FIELD_LEAST', 'length < 4', 'case_09'),
    (9, 'wire', WIRE, 'length % 4 != 0 ||', '', 'case_09'),
    (9, 'wire', WIRE, '|| length > left', '', 'case_09'),
    (9, 'exchange', WIRE, '|| length > left', '', 'case_09'),
    (10, 'exchange', EXCHANGE, 'packet->leap != FFNTP_WIRE_LEAP_UNSYNCHRONISED &&', '', 'case_10'),
    (10, 'exchange', EXCHANGE, '&& packet->stratum <= 15', '', 'case_10'),
    (10, 'exchange', EXCHANGE, 'if (packet->stratum == 0)\n\t\treturn judge_kiss(packet->refid);', '',
     'case_11_and_12'),
    (10, 'client', POLLING, '\t\tffntp_polling_expired(polling); /* an answer', '\t\t; /* an answer',
     'test_free_runs_on_answers'),
    (11, 'exchange', EXCHANGE, 'if (packet->stratum == 0)', 'if (packet->stratum <= 1)', 'case_11_a_kiss'),
    (12, 'exchange', EXCHANGE, "\tcase KISS('R', 'S', 'T', 'R'):\n", '', 'case_11_and_12'),
    (13, 'exchange', EXCHANGE, 'verdict = judge_packet(exchange, &packet);',
     'verdict = packet.stratum == 0 ? judge_kiss(packet.refid) : judge_packet(exchange, &packet);', 'case_13'),
    (14, 'exchange', EXCHANGE, 'return is_kiss(refid) ? FFNTP_REFUSED_KISS_OTHER : FFNTP_REFUSED_UNSYNCHRONISED;',
     'return FFNTP_REFUSED_KISS_RATE;', 'case_14'),
    (15, 'exchange', EXCHANGE, 'ffntp_ntp_diff_s(packet->transmit, packet->receive) >= -ffntp_fmax(FFNTP_SERVER_ORDER_S, precision_s)', 'true',
     'case_15_transmit'),
    (15, 'exchange', EXCHANGE, 'return FFNTP_REFUSED_RESIDENCE;', ';', 'case_15_a_residence'),
    (15, 'exchange', EXCHANGE, '(1 + limits->period_error)', '1', 'case_15_a_residence'),
    ('clones', 'exchange', EXCHANGE, '\t\texchange->ta -= late_ticks(exchange);', '\t\t;', 'a_departure'),
    ('clones', 'bound', BOUND, 'ffntp_stamp_longest_rtt_ticks', 'ffntp_stamp_rtt_ticks', 'test_a_late_departure'),
    ('coarse', 'exchange', EXCHANGE, 'longest_s + precision_s', 'longest_s', 'case_15_the_precision'),
    ('coarse', 'exchange', EXCHANGE, 'ffntp_fmax(FFNTP_SERVER_ORDER_S, precision_s)', 'FFNTP_SERVER_ORDER_S', 'case_15_the_precision'),
    ('coarse', 'client', EXCHANGE, 'ffntp_fmax(stated_precision_s(packet->precision_log2_s), exchange->grain.seen_s)',
     'stated_precision_s(packet->precision_log2_s)', 'test_a_server_that_is_coarser'),
    ('coarse', 'client', ASSOCIATION, 'association->exchange.grain = (struct ffntp_grain){ 0 };', '', 'test_another_server'),
    ('coarse', 'client', CLIENT, '\t\tffntp_clock_server_is_coarse(&client->clock, &client->association, tf);', '\t\t;', 'test_a_server_that_is_coarser'),
    ('coarse', 'grain', GRAIN, 'if (is_disproved(units, difference))', 'if (false)', 'test_a_fine'),
    ('coarse', 'grain', GRAIN, 'off_multiple(difference->surprise_units, step));', 'off_multiple(difference->unseen_units, step));', 'test_a_fine'),
    ('coarse', 'grain', GRAIN, 'if (step->filled < FFNTP_GRAIN_PROOF && step->other < 1)', 'if (false)', 'test_an_honest'),
    (16, 'exchange', EXCHANGE, 'distance_s <= limit_s ? FFNTP_ACCEPTED : FFNTP_REFUSED_ROOT_DISTANCE', 'FFNTP_ACCEPTED', 'case_16_absurd'),
    (16, 'exchange', EXCHANGE, 'ffntp_short_s(packet->root_delay) / 2', '0', 'case_16_absurd'),
    (16, 'exchange', EXCHANGE, 'log2_s < -32 ? -32 : log2_s > 31 ? 31 : log2_s', 'log2_s', 'case_16_absurd'),
    (16, 'exchange', EXCHANGE, '(packet->root_dispersion) + precision_s', '(packet->root_dispersion)', 'case_16_the_stamp'),
    (16, 'exchange', EXCHANGE, 'distance_s <= limit_s', '!(distance_s > limit_s)',
     'case_16_a_limit'),
    (17, 'instant', INSTANT, 'int32_t from_pivot = (int32_t)', 'int64_t from_pivot = (int64_t)', 'case_17_every_date'),
    (17, 'instant', INSTANT, 'wrapping_add(pivot_s, from_pivot)', '(int64_t)(t.units >> 32) - FFNTP_NTP_UNIX_S',
     'case_17_every_date'),
    (21, 'timescale', TIMESCALE, 'table->count == 0', 'false', 'nonsense'),
    (21, 'timescale', TIMESCALE, 'if (table->count > FFNTP_LEAP_TABLE_SIZE)\n\t\treturn FFNTP_TIMESCALE_TABLE_SIZE;', '',
     'nonsense'),
    (21, 'timescale', TIMESCALE, 'if (entry->from_s <= former->from_s)\n\t\treturn FFNTP_TIMESCALE_TABLE_ORDER;', '', 'nonsense'),
    (21, 'timescale', TIMESCALE, 'step == 1 || step == -1 ? FFNTP_TIMESCALE_OK : FFNTP_TIMESCALE_TABLE_STEP',
     '(void)step, FFNTP_TIMESCALE_OK', 'nonsense'),
    (21, 'timescale', TIMESCALE, '|| !is_month_begin(entry[i].from_s)', '', 'nonsense'),
    (21, 'timescale', TIMESCALE, '|| table->expires_s >= END_S', '', 'nonsense'),
    (21, 'timescale', TIMESCALE, 'back.time.s != utc.time.s || back.is_leap != utc.is_leap', 'false', 'a_second_can'),
    (21, 'timescale', TIMESCALE, 'tai.s >= table->expires_s + last->tai_offset_s', 'false', 'a_table_does_not'),
    (21, 'timescale', TIMESCALE, 'done.high > 0 || part < done.low ? UINT64_MAX : part', 'part', 'smears'),
    (21, 'timescale', LEAP, '2 * most <= count', 'most == 0', 'a_leap_second_needs'),
    (21, 'leap', LEAP, '|| tomorrow.day != 1)', ')', 'what_is_announced'),
    (21, 'leap', LEAP, '(date.month != 6 && date.month != 12 && !vote.is_unanimous)', 'false', 'what_is_announced'),
    (21, 'leap', LEAP, '\t\tforget(belief, belief->numbering.offset_s);', '\t\t;', 'an_announcement_can'),
    (21, 'leap', LEAP, 'return undo(belief, agreed, since, ahead) ||', 'return', 'an_announcement_that'),
    (21, 'leap', LEAP, '|| find_late(belief, agreed, since, ahead)', '', 'a_leap_second_that'),
    (21, 'leap', LEAP, 'if (numbering->sign > 0 && utc.s == midnight_s - 1)\n\t\treturn false;', '', 'nobody_guesses'),
    (21, 'leap', LEAP, '\tffntp_leap_follow(belief, utc);', '', 'nobody_guesses'),
    (21, 'leap', WIRETIME, 'if (!window.is_known && ffntp_leap_is_too_late(&wire->leap, te, announced(wire, stamp)))\n'
     '\t\treturn false;', '', 'nobody_guesses'),
    (21, 'leap', LEAP, '\t\tbelief->tai_is_known = false;', '\t\t;', 'tai_is_known'),
    (21, 'leap', LEAP, 'is_in(window, before) == is_in(window, after)', 'true', 'each_second_is_heard'),
    (21, 'leap', LEAP, 'is_month_end(belief, agreed, since) ? FFNTP_LEAP_MISSED', 'false ? FFNTP_LEAP_MISSED',
     'the_table_knows'),
    (21, 'leap', LEAP, 'if (is_certain(belief, since))', 'if (false)', 'the_table_knows'),
    (21, 'leap', LEAP, 'phase_at(numbering, to) != phase_at(numbering, from)', 'false', 'every_leap_second'),
    (21, 'leap', LEAP, '&& is_month_end(belief, agreed, since)', '', 'a_second_that'),
    (22, 'leap', DECIDE, 'if (plan->is_smeared)', 'if (false)', 'who_smears'),
    (22, 'leap', UPDATE, 'if (plan->decision.reason == FFNTP_REASON_SMEAR_BEGINS)', 'if (false)', 'who_smears'),
    (22, 'leap', SMEAR, 'share > FFNTP_SMEAR_SHARE &&', '', 'who_does_not_smear'),
    (26, 'exchange', EXCHANGE, 'if (!(ticks > 0))\n\t\treturn FFNTP_REFUSED_COUNTER;', '',
     'case_26_a_counter_that_stood'),
    (26, 'exchange', EXCHANGE, 'if (!(shortest_s <= limits->max_rtt_s))\n\t\treturn FFNTP_REFUSED_LATE;', '',
     'case_26_a_round'),
    (26, 'exchange', EXCHANGE, 'if (counter_went_back(exchange, tf))', 'if (counter_went_back(exchange, tf) && false)', 'case_26_a_counter_that_went_back'),
    (26, 'exchange', EXCHANGE, '\texchange->last_tf = tf;\n', '\tif (!went_back)\n\t\texchange->last_tf = tf;\n',
     'case_26_a_counter_that_went_back'),
    (26, 'exchange', EXCHANGE, 'verdict = judge_server(&packet,',
     '(void)counter_went_back(exchange, tf);\n\tverdict = judge_server(&packet,', 'case_26_a_useless_reply'),
    (43, 'exchange', EXCHANGE, 'ffntp_counter_diff(tf, exchange->ta)', '(double)(tf - exchange->ta)',
     'case_43_counter'),
    (43, 'instant', INSTANT, 'if (t.s > MOST_S || (t.s == MOST_S && ns > MOST_NS))\n\t\treturn INT64_MAX;', '',
     'case_43_nanoseconds'),
    (43, 'instant', INSTANT, '|| (t.s == MOST_S && ns > MOST_NS)', '', 'case_43_nanoseconds'),
    (43, 'instant', INSTANT, '|| (t.s == -MOST_S - 1 && ns < FFNTP_NS_PER_S - MOST_NS - 1)', '', 'case_43_nanoseconds'),
    (43, 'instant', INSTANT, 'diff.s < 0 ? ffntp_time_to_ns(diff) : INT64_MIN', 'ffntp_time_to_ns(diff)',
     'case_43_differences'),
    (43, 'instant', INSTANT, 'diff.s >= 0 ? ffntp_time_to_ns(diff) : INT64_MAX', 'ffntp_time_to_ns(diff)',
     'case_43_differences'),
    (43, 'instant', INSTANT, 'step_s > 0 && t.s > INT64_MAX - step_s', 'false', 'case_43_additions'),
    (43, 'instant', INSTANT, 'step_s < 0 && t.s < INT64_MIN - step_s', 'false', 'case_43_additions'),
    (30, 'page_cases', PAGE_H, ' == (begun & ~UINT32_C(1));', ' == begun;', 'case_30'),
    (30, 'page_cases', PAGE_H, 'return FFNTP_LE32(atomic_load_explicit(&page->sequence, memory_order_relaxed)) == (begun',
     'return (begun & 1) == 0 || 0 == (begun', 'case_30_a_page_that_changed'),
    (30, 'page_cases', PAGE_READER, 'tries < FFNTP_PAGE_TRIES; tries++) {\n\t\tif (ffntp_page_try_read', 'true;) {\n\t\tif (ffntp_page_try_read',
     'case_30'),
    (31, 'page_cases', PAGE_WRITER, ' || (ffntp_page_begin(page) & 1) != 0', '', 'case_31_a_writer_killed_in_mid'),
    (31, 'page_cases', PAGE_WRITER, 'ffntp_page_begin(page) | 1;', 'ffntp_page_begin(page) + 1;', 'case_31_a_writer_killed_in_mid'),
    (31, 'page_cases', PAGE_WRITER, ' && is_sound(former)', '', 'case_31_a_map_that'),
    (31, 'page_cases', PAGE_WRITER, 'ffntp_page_load(page, FFNTP_AT_MARKER) + 1;', '0;', 'case_31_a_writer_killed_in_mid'),
    (31, 'page_cases', PAGE_WRITER, '\tffntp_page_store(page, FFNTP_AT_MARKER_BASE, 0);\n', '', 'case_31_a_repaired'),
    (32, 'page_cases', PAGE_READER, 'if (size < FFNTP_PAGE_SIZE)\n\t\treturn FFNTP_PAGE_TRUNCATED;', '', 'case_32_what'),
    (32, 'page_cases', PAGE_READER, 'if (ffntp_page_load_head(page, 0) != FFNTP_VMCLOCK_MAGIC)\n\t\treturn FFNTP_PAGE_FOREIGN;', '',
     'case_32_what'),
    (32, 'page_cases', PAGE_READER, 'ffntp_page_load_head(page, 1) < FFNTP_PAGE_SIZE ||', '', 'case_32_what'),
    (32, 'page_cases', PAGE_READER, ' || ffntp_page_load_head(page, 1) > size', '', 'case_32_what'),
    (32, 'page_cases', PAGE_READER, 'if ((uint32_t)block != FFNTP_BLOCK_MAGIC)\n\t\treturn FFNTP_PAGE_FOREIGN;', '', 'case_32_what'),
    (33, 'page_cases', PAGE_WRITER, 'is_same_identity(&theirs, identity) && ', '', 'case_33'),
    (33, 'page_cases', PAGE_WRITER, 'a->counter_kind == b->counter_kind && ', '', 'case_33'),
    (33, 'page_cases', PAGE_WRITER, ' && a->time_namespace == b->time_namespace', '', 'case_33'),
    (33, 'page_cases', PAGE_WRITER, 'is_same && a->boot_id[i] == b->boot_id[i]', 'is_same', 'case_33'),
    (34, 'clock', CLOCK_H, 'return FFNTP_CLOCK_VOID;', ';', 'case_34_a_stopped'),
    (34, 'clock', CLOCK_H, '(int64_t)(now - map->at) > (int64_t)(map->void_after - map->at)',
     'now - map->at > map->void_after - map->at', 'case_34_void_before'),
    (34, 'page_cases', PAGE_H, 'ticks > FFNTP_PAGE_LINE(page, limit) ||', '', 'case_34_the_line'),
    (42, 'page_cases', PAGE_READER, 'if ((ffntp_page_load_head(page, 2) & 0xffff) != FFNTP_VMCLOCK_VERSION)\n\t\treturn FFNTP_PAGE_VERSION;', '',
     'case_42'),
    (42, 'page_cases', PAGE_READER, '(block >> 32 & 0xffff) != FFNTP_BLOCK_VERSION ||', '', 'case_42'),
    (42, 'page_cases', PAGE_READER, ' || block >> 48 < FFNTP_BLOCK_SIZE', '', 'case_42'),
    (42, 'page_cases', PAGE_READER, 'block >> 48 < FFNTP_BLOCK_SIZE', 'block >> 48 != FFNTP_BLOCK_SIZE', 'case_42'),
    (26, 'counter', COUNTER, 'suspended_ns - before_ns > SUSPEND_NS ||', '', 'case_26'),
    (26, 'counter', COUNTER, '\tsource->suspended_ns = suspended_ns;\n', '', 'case_26'),
    (31, 'reader', PAGEFILE, 'existing->is_own && is_same_counter(&theirs, identity) ? FATE_ADOPT : FATE_RETIRE',
     'FATE_RETIRE', 'case_31_the_next'),
    (32, 'reader', READER, 'if (status->st_size < FFNTP_PAGE_SIZE)\n\t\treturn FFNTP_PAGE_TRUNCATED;', '', 'case_32'),
    (32, 'reader', READER, 'if (!S_ISREG(status->st_mode))\n\t\treturn FFNTP_PAGE_MISSING;', '', 'case_32'),
    (32, 'reader', READER, ' | O_NONBLOCK', '', 'case_32'),
    (32, 'reader', PAGEFILE, 'if (status.st_size < FFNTP_PAGE_SIZE)\n\t\treturn ffntp_page_result_text(FFNTP_PAGE_TRUNCATED);',
     '', 'case_32'),
    (32, 'reader', PAGEFILE, 'if (result != FFNTP_PAGE_OK)\n\t\treturn ffntp_page_result_text(result);', '', 'case_32'),
    (33, 'reader', READER, 'return FFNTP_PAGE_OTHER_BOOT;', ';', 'case_33_a_page_of_another_world'),
    (33, 'reader', READER, 'return FFNTP_PAGE_OTHER_NAMESPACE;', ';', 'case_33_a_page_of_another_world'),
    (33, 'reader', READER, 'ffntp_counter_refusal(theirs->counter_kind) == NULL ? FFNTP_PAGE_OK : FFNTP_PAGE_NO_COUNTER',
     'FFNTP_PAGE_OK', 'case_33_a_page_of_another_world'),
    (33, 'reader', READER, 'if (!copy_map(reader, &map, &now))\n\t\treturn FFNTP_CLOCK_BUSY;\n\tif (map.counter_kind != reader->counter_kind)',
     'if (!copy_map(reader, &map, &now))\n\t\treturn FFNTP_CLOCK_BUSY;\n\tif (false)', 'case_33_a_page_that_changes'),
    (33, 'reader', PAGE_H, '|| (uint8_t)key != kind', '', 'case_33_a_page_that_changes'),
    (33, 'reader', PAGEFILE, 'if (retiring != NULL)\n\t\tretire(retiring);', '', 'case_33_a_page_of_another_counter'),
    (33, 'reader', PAGEFILE, ' && is_same_counter(&theirs, identity)', '', 'case_33_a_page_of_another_counter'),
    (33, 'counter', COUNTER, 'return FFNTP_COUNTER_LOST;', ';', 'case_33_another'),
    (33, 'counter', COUNTER, 'has_changed || has_slept ?', 'has_slept ?', 'case_33_another'),
    (42, 'reader', PAGEFILE, 'if (result == FFNTP_PAGE_VERSION)\n\t\treturn NULL;', '', 'case_42'),
    (43, 'reader', READER, 'ffntp_reading_is_set_back(&map, now) &&', 'false &&', 'case_43'),
    (43, 'reader', READER, 'ffntp_reading_is_set_back(&map, now)', '(int64_t)(now - map.at) < 0',
     'case_43'),
    (43, 'clock', CLOCK_H, 'now - map->at == UINT64_C(1) << 63', 'false', 'case_43_half'),
    (43, 'clock', CLOCK_H, 'map->period_shift > 62 ||', '', 'case_43_any'),
    (43, 'clock', CLOCK, 'if (elapsed.s >= FFNTP_READING_ELAPSED_LIMIT_S)\n\t\treturn FFNTP_CLOCK_RANGE;', '',
     'case_43_results'),
    (43, 'clock', CLOCK, 'ffntp_reading_is_far(map->time.s) ||', '', 'case_43_results'),
    (43, 'clock', CLOCK, 'whole_ns.high != 0 ||', '', 'case_43_bounds'),
    (43, 'clock', CLOCK, 'sum_ns < drift_ns ||', '', 'case_43_bounds'),
    (43, 'clock', CLOCK, 'if (bound_ns == UINT64_MAX)\n\t\treturn FFNTP_CLOCK_RANGE;', '', 'case_43_bounds'),
    (43, 'clock', CLOCK, 'ticks == UINT64_C(1) << 63 ||', '', 'case_43_half'),
    (43, 'clock', CLOCK, 'if (span.s >> 33 != 0)\n\t\treturn false;', '', 'case_43_results'),
    (3, 'law_stamps', LAW, 'if (filter->has_time && stamp->tf == filter->at)\n\t\treturn FFNTP_REFUSED_DUPLICATE;', '',
     'test_what_is_no_stamp'),
    (15, 'law_stamps', LAW, 'if (!(residence_s >= -FFNTP_SERVER_ORDER_S - stamp->precision_s))\n\t\treturn FFNTP_REFUSED_TIMESTAMPS;', '',
     'test_what_is_no_stamp'),
    (15, 'law_stamps', LAW,
     'residence_s < span_s * (1 + rate_error) + stamp->precision_s ? FFNTP_ACCEPTED : FFNTP_REFUSED_RESIDENCE',
     'FFNTP_ACCEPTED', 'test_what_is_no_stamp'),
    (26, 'law_stamps', LAW, 'span_s > 0 && since_s >= 0', 'since_s >= 0', 'test_what_is_no_stamp'),
    (26, 'law_stamps', LAW, 'span_s > 0 && since_s >= 0', 'span_s > 0', 'test_what_is_no_stamp'),
    (26, 'law_stamps', LAW, '&& since_s < LONGEST_GAP_S', '', 'test_what_is_no_stamp'),
    (26, 'law_stamps', LAW, 'if (!(span_s <= FFNTP_MAX_RTT_S * (1 + rate_error)))\n\t\treturn FFNTP_REFUSED_LATE;', '',
     'test_what_is_no_stamp'),
    (16, 'law_stamps', LAW, 'return step2 > 0 ? step2 / 12 * step2 / (step2 + 12 * spread2) : 0;', 'return 0;',
     'test_a_server_whose_clock_ticks'),
    ('numbers', 'law_stamps', LAW, 'step2 > 0 ? step2 / 12', 'true ? step2 / 12', 'test_anything_leaves_numbers'),
    ('floats', 'law_density', LAW_DENSITY, 'ffntp_fmax(2 * sd, narrowest(x))', '2 * sd', 'test_delays_of_any_size'),
    ('floats', 'law_density', LAW_DENSITY, 'is_sound || law->least[0].count + law->least[1].count == 0', 'is_sound',
     'test_generations_forget'),
    ('bank', 'law_clock', LAW_CLOCK, 'clock->weight[i] *= 1 - NEW_WEIGHT;', '', 'test_the_bank_slides'),
    (44, 'clock', CLOCK_H, '(int64_t)sum.s, sum.frac', '(int32_t)sum.s, sum.frac',
     'case_44'),
    ('bound', 'clock', CLOCK, 'before.frac |= before_ns == 0;', '', 'a_bound_of_nothing'),
    ('bound', 'clock', CLOCK, 'before_ns = map->maxerror_before_ns + drift_ns', 'before_ns = map->maxerror_after_ns + drift_ns',
     'interval_holds'),
    ('bound', 'page', PAGE_H, 'ffntp_distance(before_ns), ffntp_distance(after_ns)',
     'ffntp_distance(bound_ns), ffntp_distance(bound_ns)', 'the_line_says'),
    ('bound', 'page', PAGE_WRITER, 'ffntp_larger(map->maxerror_before_ns, map->maxerror_after_ns)', 'map->maxerror_before_ns',
     'vmclock_readers'),
    ('busy', 'stamping', UDP, 'events & POLLIN ? woke : ffntp_counter_read(source)', 'woke', 'what_poll'),
    ('reload', 'servers', SERVERS, 'if (candidates(servers) == 0)\n\t\treturn false;\n\twhile', 'while', 'names_'),
    ('reload', 'servers', SERVERS, '\tservers->resolver = NULL;\n\treturn true;', '\treturn true;', 'names_are_resolved'),
    (26, 'loop', SYNC, 'ffntp_client_disrupted(sync->peer.client, now(sync));', '', 'a_counter_that_was_disrupted'),
    (33, 'loop', SYNC, 'if (sync->is_lost)\n\t\treturn;', '', 'a_counter_that_is_lost'),
    (31, 'loop', SYNC, 'sync->is_inherited && sync->map.status == FFNTP_STATUS_INITIALISING', 'false', 'what_a_former'),
    (31, 'loop', SYNC, '&& sync->map.status == FFNTP_STATUS_INITIALISING', '', 'what_a_former'),
    ('busy', 'loop', SYNC, 'sync->is_paused && is_before(now(sync), sync->pause_until)', 'false', 'nothing_is_asked'),
    ('busy', 'loop', SYNC, 'revents = 0;', '', 'what_poll'),
    ('busy', 'loop', SURVEY, 'ffntp_peer_receive(peer, 0, now)', 'ffntp_peer_receive(peer, 1, now)', 'a_survey'),
    ('busy', 'stamping', STAMPING, 'stamping->tx_ns, rate).earliest) - unsure;', 'stamping->tx_ns, rate).earliest);', 'wide_brackets'),
    ('stepped', 'stamping', STAMPING, '.latest = fmax(from_before + unsure_before, end + from_after + unsure_after)',
     '.latest = end + from_after + unsure_after', 'a_step_while'),
    ('stepped', 'stamping', STAMPING, '.earliest = fmin(from_before - unsure_before, end + from_after - unsure_after)',
     '.earliest = from_before - unsure_before', 'neither_stamp'),
    ('stepped', 'stamping', STAMPING, 'fabs(from_after) * rate.error', '0', 'neither_stamp'),
    ('stepped', 'stamping', STAMPING, 'baseline >= BASELINE_LEAST * length &&', '', 'without_a_known'),
    ('stepped', 'stamping', UDP, ', .stamping = udp->stamping', '', 'the_bracket_before'),
    ('busy', 'stamping', STAMPING, 'stamping->rx_ns, rate).latest) + unsure;', 'stamping->rx_ns, rate).latest);', 'wide_brackets'),
    ('standstill', 'standstill', STANDSTILL, 'gap_s > TOLERANCE_S || gap_s < -TOLERANCE_S', 'gap_s > TOLERANCE_S', 'test_a_counter_that_jumps'),
    ('standstill', 'standstill', STANDSTILL, 'self->epoch++;\n\t\tbegin_window(self, seconds, now);', 'self->epoch++;', 'test_a_standstill'),
    ('standstill', 'standstill', STANDSTILL, 'seconds - self->begin_s >= WINDOW_S', '0', 'test_an_hour'),
    ('standstill', 'standstill', STANDSTILL, 'if (seconds < 0)\n\t\treturn;', '', 'test_a_calendar_that_cannot'),
    ('standstill', 'standstill', STANDSTILL, 'self->begin_s < 0', '0', 'test_a_calendar_that_cannot'),
    ('standstill', 'standstill', STANDSTILL, 'if (now - self->looked_at >= self->frequency_hz / 1000 * LOOK_MS)', '', 'test_the_calendar'),
    ('port', 'port', DRIVE, 'return went_on && is_same;', 'return went_on;', 'test_a_sleep'),
    ('port', 'port', DRIVE, 'return went_on && is_same;', 'return is_same;', 'test_a_counter_that_runs'),
    ('follow', 'follow', FOLLOW, 'link.offset == follow->link.offset &&', '', 'test_another_page'),
    ('follow', 'follow', FOLLOW, '\tfollow->followed = NULL;\n', '', 'test_a_page_that_vanishes'),
    ('follow', 'follow', FOLLOW, 'FFNTP_STATUS_FREE_RUNNING : status', 'FFNTP_STATUS_FREE_RUNNING : FFNTP_STATUS_FREE_RUNNING',
     'test_a_page_that_vanishes'),
    ('follow', 'follow', FOLLOW, 'map->counter_kind == follow->map.counter_kind &&', '', 'test_a_page_that_cannot'),
    ('port', 'port', DRIVE, 'config->counter_may_jump = true;', '', 'test_a_jump'),
    ('port', 'port', DRIVE, 'if (!make_nonce(drive, &nonce))\n\t\treturn hold(drive);',
     '(void)hold; nonce = 77; (void)make_nonce;', 'test_without_random_bytes_nothing'),
    ('port', 'port', DRIVE, 'drive->is_held && is_before(drive->now, drive->until)', 'false',
     'test_without_random_bytes_nothing'),
    ('port', 'port', DRIVE, '/ (INT64_C(1) << unused)', '', 'test_it_keeps_time'),
    (44, 'clock', CLOCK_H, 'sum = ffntp_span_plus((struct ffntp_span){ (uint64_t)t.s,',
     'sum = ffntp_span_plus((struct ffntp_span){ (uint32_t)t.s,', 'case_44'),
    (43, 'device', DEVICE, 'return device->is_connected ? device->ops->look(device, look) : FFNTP_CLOCK_DISCONNECTED;',
     'return device->ops->look(device, look);', 'before_connect'),
    (43, 'device', DEVICE, 'if (device->is_connected)\n\t\treturn "the clock device is connected already";', '',
     'before_connect'),
    (30, 'device', DEVICE, '&& ffntp_page_is_whole(page, begun)) {', ') {', 'a_map_that_comes_while'),
    (30, 'device', DEVICE, 'if (ffntp_page_is_whole(page, begun)) {\n\t\t\t*now = read;', 'if (true) {\n\t\t\t*now = read;',
     'a_map_that_comes_while'),
    (30, 'device', DEVICE, 'if (result != FFNTP_CLOCK_OK) {', 'if (false) {', 'a_page_that_is_being'),
    (43, 'device', DEVICE, 'if (mark->boot != device->boot)\n\t\treturn FFNTP_CLOCK_OTHER_BOOT;', '', 'marks_of_another'),
    (26, 'device', DEVICE, 'if (mark->counter_marker != map->counter_marker)\n\t\treturn FFNTP_CLOCK_DISRUPTED;', '',
     'marks_of_before'),
    ('bound', 'bound', BOUND, ' + rate.period_s;', ';', 'test_a_tick'),
    (26, 'ruling', POLLING, 'is_just_asked ?', 'false ?', 'test_counter_that_goes_back_each'),
    (26, 'ruling', POLLING, '|| polling->asked - now < pause', '', 'test_counter_that_goes_back_each'),
    ('congestion', 'beginning', DECIDE, 'if (plan->decision.outside_s > 0)', 'if (false)', 'test_the_default_forgets'),
    ('congestion', 'ruling', UPDATE, 'ffntp_fmax(clock->rate.max_error, FFNTP_DISRUPTED_PERIOD_ERROR)',
     'FFNTP_DISRUPTED_PERIOD_ERROR', 'test_disruption_before_the_rate'),
    ('rate', 'rate_range', RATE_RANGE, 'range->least_s > range->most_s + FFNTP_RATE_BAND_SHARE * drift_s(range)', 'false',
     'test_it_begins_again'),
    ('rate', 'rate_range', RATE_RANGE, 'thin(range, 1);', 'drop(range, 0); (void)thin;', 'test_the_oldest'),
    ('rate', 'rate_range', RATE_RANGE, 'count + 1 < range->count && is_outdated', 'false && is_outdated', 'test_old_baselines'),
    ('rate', 'rate_range', RATE_RANGE, 'if (least_s > most_s)\n\t\treturn;', '', 'test_what_a_former'),
    ('rate', 'rate_range', RATE_RANGE, 'ffntp_fmin(rate.period_s * (1 - rate.max_error), period_s)', 'period_s',
     'test_an_estimator_only'),
    ('rate', 'rate_range', RATE_RANGE, 'between(range->least_s - drift_s(range), range->most_s + drift_s(range))',
     'between(range->least_s, range->most_s)', 'test_a_rate_that_moves'),
    ('rate', 'ruling', CLOCK_STATE, '\tffntp_rate_range_know(&clock->range, (struct ffntp_rate_bound){ period_s, maxerror });\n', '',
     'test_successor'),
    ('trust', 'dissent', DISSENT, 'lasted_s >= FFNTP_DISSENT_PERSIST_S && ', '(void)lasted_s, ', 'test_a_candidate_that_persists'),
    ('trust', 'dissent', DISSENT, 'candidate->agreed >= FFNTP_DISSENT_EXCHANGES &&', '', 'test_a_candidate_that_persists'),
    ('trust', 'dissent', DISSENT, 'clock >= candidate->alone || ', '(void)clock, ', 'test_one_exchange_is'),
    ('trust', 'dissent', DISSENT, '|| candidate->run >= FFNTP_DISSENT_EXCHANGES', '', 'test_one_exchange_does'),
    ('trust', 'dissent', DISSENT, 'fact->clock_exchanges < FFNTP_DISSENT_YOUNG && ', '', 'test_a_young_clock'),
    ('trust', 'dissent', DISSENT, 'candidate->excludes_clock && candidate->clock_alone == 0 ?', 'false ?',
     'test_stories_that_nothing'),
    ('trust', 'dissent', DISSENT, 'if (!ffntp_bound_meets(&candidate->bound, &interval, rate, FFNTP_DISSENT_OVERLAP))\n\t\treturn false;',
     '', 'test_no_candidate_bridges'),
    ('trust', 'dissent', DISSENT, 'drop(dissent, weakest(dissent));', 'drop(dissent, 0); (void)weakest;', 'test_strays'),
    ('trust', 'trust', CLIENT, 'clock->confirmed < FFNTP_SYNCHRONISED_EXCHANGES ||', '', 'test_an_honest_beginning'),
    ('trust', 'trust', UPDATE, '|| ffntp_bound_meets(&clock->bound, &plan->interval, nominal, 0)', '|| ((void)nominal, true)', 'test_an_honest_beginning'),
    ('trust', 'trust', UPDATE, '\tadmit_candidates(clock, map);\n', '(void)admit_candidates;', 'test_both_stories'),
    ('trust', 'trust', DECIDE, 'plan->keeps_estimator = has_kept_its_rate(clock, association, stamp, plan);', 'plan->keeps_estimator = true;',
     'test_a_bad_reply_at_the_start'),
    ('trust', 'trust', DECIDE, '&& ffntp_fabs(counter_s - server_s) <= allowed_s', '&& (counter_s - server_s + allowed_s) < 1e9',
     'test_a_rate_that_steps'),
    ('trust', 'trust', DECIDE, '\treset_bound(clock, stamp, FFNTP_REASON_STRAIN, FFNTP_PLAN_RANGE_BEGINS, plan);\n', '',
     'test_a_rate_step_that_a_round_trip_hides'),
    ('trust', 'trust', DECIDE, 'if (clock->accepted > 0 && ffntp_strain_add_clock(&plan->strain, -association->offset_s))', 'if (false)',
     'test_a_rate_that_steps'),
    ('trust', 'strain', STRAIN, 'early_s = ffntp_fmax(aged->earliest_s - interval->earliest_s, 0);',
     'early_s = aged->earliest_s - interval->earliest_s;', 'test_a_rate_that_is_hardly_known'),
    ('trust', 'strain', STRAIN, 'ffntp_fmin(early_s, late_s) > allowed_s ? 0 :', '', 'test_ways_that_share_a_turn'),
    ('trust', 'strain', STRAIN, ' + 2 * root_distance_s', '', 'test_a_server_within'),
    ('trust', 'strain', STRAIN, '\tstrain->allowed_s += strain->excess_s;\n', '', 'test_queues_show_nothing'),
    ('trust', 'strain', STRAIN, 'side == run->side ? run->count + 1 : 1', 'run->count + 1', 'test_a_clock_beside'),
    ('coarse', 'client', UPDATE, 'bool is_in_doubt = clock->dissent.count > 0;', 'bool is_in_doubt = true;',
     'test_a_grain_that_is_seen'),
    ('trust', 'ruling', DECIDE, '<= FFNTP_WANDER_LIMIT;', '<= 0;', 'test_a_rate_that_steps'),
    ('config', 'client', 'core/client_config.c', 'config->period_hint_s, 1e-12, 1e-6)', 'config->period_hint_s, 1e-12, 1e-2)',
     'test_refuses_configurations'),
    ('config', 'client', 'core/client_config.c', '\tif (given->size < FIRST_SIZE)\n\t\treturn false;\n', '', 'test_takes_configurations'),
    ('config', 'client', 'core/client_config.c', '\t\tif (from[i] != 0)\n\t\t\treturn false;\n', ';', 'test_takes_configurations'),
    ('config', 'client', 'core/client_config.c', 'i < sizeof *config && i < given->size', 'i < given->size', 'test_takes_configurations'),
    ('source', 'client', ASSOCIATION, '\tassociation->has_stamp = false;\n', '', 'test_of_a_server'),
    ('source', 'client', ASSOCIATION, 'association->verdicts[i] = 0;', ';', 'test_of_a_server'),
    (26, 'ruling', DECIDE, 'return verdict == FFNTP_ACCEPTED && is_plausible(clock);', 'return is_plausible(clock);',
     'test_counter_that_changed_its_rate_is_not'),
    (26, 'ruling', PUBLISHER, '\tpublisher->counter_marker = (uint32_t)publisher->disruption_marker;\n', '', 'test_disruption_after'),
    (26, 'ruling', PUBLISHER, 'publisher->counter_marker == former', 'false', 'test_disruption_whose'),
    (26, 'ruling', PUBLISHER, '(int64_t)(now - former) > 0 ? now : former + 1', 'former + 1 + 0 * now', 'test_disruption_after'),
    (26, 'ruling', PUBLISHER, 'if (publisher->has_map)', 'if (false)', 'test_rate_step'),
    (26, 'ruling', PUBLISHER, 'if (publisher->has_map)', 'if (true)', 'test_false_promise'),
    (26, 'ruling', UPDATE, 'if (clock->counter_may_jump)\n\t\tffntp_publisher_break_counter',
     'if (false)\n\t\tffntp_publisher_break_counter', 'test_counter_that_stood'),
    (26, 'ruling', UPDATE, 'if (clock->counter_may_jump)\n\t\tffntp_publisher_break_counter',
     'if (true)\n\t\tffntp_publisher_break_counter', 'test_server_that_persists'),
    (26, 'ruling', CLOCK_STATE, 'clock->publisher.counter_marker = former->counter_marker;', '', 'test_successor'),
    (31, 'page_cases', PAGE_WRITER, '(uint32_t)ffntp_page_load(page, FFNTP_AT_COUNTER_MARKER) + 1;', '0;',
     'case_31_a_writer_killed_in_mid'),
    (31, 'page_cases', PAGE_WRITER,
     'ffntp_page_store(page, FFNTP_AT_COUNTER_MARKER, ffntp_page_pack_counter_marker(0, found.counter_marker));', '',
     'case_31_a_repaired'),
    ('follow', 'follow', FOLLOW, 'map.counter_marker != follow->taken.counter_marker', 'true', 'test_what_changes'),
    ('follow', 'follow', FOLLOW, '\tfollow->counter_marker++;\n', '', 'test_another_page'),
    (43, 'device', DEVICE, 'return FFNTP_CLOCK_FUTURE;', ';', 'marks_of_the_future'),
    (43, 'device', DEVICE, 'return FFNTP_CLOCK_NEGATIVE;', ';', 'marks_of_the_future'),
    (43, 'device', DEVICE, '|| apart_ns > duration->bound_ns', '', 'a_phase_that_contradicts'),
    (43, 'device', STEADY, 'return FFNTP_CLOCK_DISRUPTED;', ';', 'a_counter_that_was_set_back'),
    (43, 'device', STEADY, 'return FFNTP_CLOCK_VOID;', ';', 'a_map_that_nobody_keeps'),
    (43, 'steady', STEADY, '(int64_t)(now - steady->at) < 0 ? 0 : now - steady->at', 'now - steady->at',
     'elapsed_goes_on'),
    (43, 'steady', STEADY, 'is_followed ? gap : later(gap, ahead)', 'gap', 'a_counter_that_was_set_back'),
    (21, 'device', STEADY, '(struct ffntp_time){ renumbered_s(former, next), 0 }', '(struct ffntp_time){ 0, 0 }',
     'long_durations_do_not_mind'),
    (21, 'steady', STEADY, 'offset_s(is, next->time) - offset_s(was, ffntp_time_plus(former->time, counted(former, next->at)))', '0',
     'a_table_that_comes_late'),
    (21, 'steady', STEADY, 'offset_s(is, next->time) - offset_s(was,', 'is->offset_s - offset_s(was,', 'a_table_that_comes_late'),
    (21, 'device', 'core/fake.c', 'map->leap_at_s += map->leap_sign != 0 ? later_s : 0;', '', 'a_leap_second_comes'),
    (43, 'steady', STEADY, 'is_void(former, now) ? former->void_after : now', 'now', 'what_was_void'),
    (31, 'steady', PAGE_WRITER, 'struct ffntp_steady steady = keep_steady(page, identity);',
     'struct ffntp_steady steady = { .period = 0 };', 'a_writer_killed_in_mid'),
    (33, 'steady', PAGE_WRITER, '== FFNTP_PAGE_OK && is_same_identity(&theirs, identity))\n\t\tffntp_page_load_steady',
     '== FFNTP_PAGE_OK)\n\t\tffntp_page_load_steady', 'readings_of_another_boot'),
    ('unikernel', 'solo5', SOLO5, 'for (unsigned i = 0; i < FRAMES_AT_ONCE && solo5_net_read(card, frame, sizeof frame, &length) == SOLO5_R_OK; i++)\n'
     '\t\tffntp_lwip_frame(frame, length, ffntp_processor_counter());',
     'uint64_t arrived = ffntp_processor_counter(); for (unsigned i = 0; i < FRAMES_AT_ONCE && solo5_net_read(card, frame, sizeof frame, &length) == SOLO5_R_OK; i++)\n'
     '\t\tffntp_lwip_frame(frame, length, arrived);', 'test_a_frame_that_comes_while'),
    ('unikernel', 'solo5', SOLO5, '*sent = ffntp_processor_counter();\n\treturn solo5_net_write',
     '*sent = 0;\n\treturn solo5_net_write', 'test_it_keeps_time'),
    ('unikernel', 'solo5', SOLO5, 'return solo5_net_write(card, frame, length) == SOLO5_R_OK;',
     'solo5_net_write(card, frame, length); return true;', 'test_a_card_that_vanishes'),
    ('unikernel', 'solo5', SOLO5, 'if (solo5_net_acquire(CARD, &card, &info) != SOLO5_R_OK)\n\t\treturn "no network device named " CARD;',
     'solo5_net_acquire(CARD, &card, &info);', 'test_without_a_card'),
    ('unikernel', 'solo5', SOLO5, 'if (rest_ns > 0)', 'if (rest_ns > 50000000)', 'test_it_keeps_time'),
    ('unikernel', 'minios', MINIOS_CARD, 'self.came - self.taken == FRAMES ||', '', 'test_more_frames'),
    ('unikernel', 'minios', MINIOS_CARD, 'length <= 0 ||', '', 'test_more_frames'),
    ('unikernel', 'minios', MINIOS_CARD, '|| length > FRAME_SIZE)\n\t\treturn;', ')\n\t\treturn;', 'test_more_frames'),
    ('unikernel', 'minios', MINIOS_CARD, 'self.frame[slot].length, self.frame[slot].arrived);',
     'self.frame[slot].length, ffntp_processor_counter());', 'test_it_is_as_good'),
    ('unikernel', 'minios', MINIOS_CARD, 'char *refusal = xenbus_write(XBT_NIL, "device/vif/0/feature-no-csum-offload", "1");',
     'char *refusal = NULL;', 'test_it_keeps_time'),
    ('unikernel', 'minios', MINIOS_CARD, 'return self.device != NULL;', 'return true;', 'test_without_a_card'),
    ('unikernel', 'minios', MINIOS, 'rest_ms < REST_MS ? rest_ms : REST_MS', 'rest_ms + REST_MS', 'test_it_keeps_time'),
    ('unikernel', 'solo5', PROCESSOR_PORT, 'told_hz != 0 ? TOLD_PPM : MEASURED_PPM', 'TOLD_PPM', 'test_it_keeps_time'),
    ('unikernel', 'solo5', UNIKERNEL, 'if (!self.system->port->random(self.system->port->context, (uint8_t *)&bits, sizeof bits))\n'
     '\t\treturn (uint32_t)self.system->counter();', '', 'test_random_bytes_that_run'),
    ('unikernel', 'solo5', UNIKERNEL, 'if (self.is_driven)\n\t\tsay_news(ffntp_drive_receive', 'say_news(ffntp_drive_receive', 'test_a_frame_that_nobody'),
    ('unikernel', 'solo5', UNIKERNEL, 'self.is_complained || ', '', 'test_an_address_that_comes_late'),
    ('unikernel', 'solo5', UNIKERNEL, '|| !is_past(self.began, 1000 * PATIENCE_S)', '', 'test_an_address_that_comes_soon'),
    ('unikernel', 'solo5', UNIKERNEL, 'complain("no server yet: no answer', '(void)("no server yet: no answer', 'test_a_search_that_takes'),
    ('unikernel', 'solo5', UNIKERNEL, 'if (!is_time_again)\n\t\t\tbreak;', '', 'test_a_name_that_nobody'),
    ('unikernel', 'solo5', UNIKERNEL, 'if (is_time_again)\n\t\t\tresolve();', '', 'test_a_server_that_is_out'),
    ('unikernel', 'solo5', UNIKERNEL, 'self.system->counter() - since >= self.lwip.counter_hz / 1000 * ms;',
     '(int64_t)(self.system->counter() - since - self.lwip.counter_hz / 1000 * ms) >= 0;', 'test_a_counter_that_runs'),
    ('unikernel', 'solo5', UNIKERNEL, 'if (self.is_address_old)\n\t\tffntp_lwip_renew();', '', 'test_a_counter_that_stood'),
    ('unikernel', 'solo5', DRIVE, 'if (!is_another_counter(drive))', 'if (true)', 'test_a_machine_that_is_restored'),
    ('unikernel', 'solo5', PROCESSOR_PORT, 'if (counter_hz != 0)\n\t\tself.port.about.frequency_hz = counter_hz;', '', 'test_a_machine_that_is_restored'),
    ('unikernel', 'standstill', STANDSTILL, 'self->epoch++;\n\tself->frequency_hz = frequency_hz;', 'self->epoch++;',
     'test_a_counter_of_another'),
    ('unikernel', 'solo5', UPDATE, '\tclock->publisher.period_shift = ffntp_mapping_shift(hint.period_s);\n\tclock->has_estimate = false;\n', '\tclock->publisher.period_shift = ffntp_mapping_shift(hint.period_s);\n',
     'test_a_machine_that_is_restored'),
    ('unikernel', 'solo5', SOLO5, 'i < FRAMES_AT_ONCE &&', '', 'test_a_flood'),
    ('unikernel', 'solo5', UNIKERNEL, 'say("no address is known for the server, trying again: ", self.options.server);\n\t\tresolve();',
     'say("no address is known for the server, trying again: ", self.options.server);', 'test_a_name_that_nobody'),
    ('unikernel', 'solo5', UNIKERNEL, 'news.event == FFNTP_DRIVE_CHANGE_SERVER && !self.is_resolving', 'false', 'test_a_server_that_falls'),
    ('unikernel', 'solo5', UNIKERNEL, 'FFNTP_DRIVE_CHANGE_SERVER && !self.is_resolving', 'FFNTP_DRIVE_CHANGE_SERVER', 'test_a_search_under_way'),
    ('unikernel', 'solo5', UNIKERNEL, 'return wait >= hz / (NS_PER_S / REST_NS) ? REST_NS : wait * NS_PER_S / hz;',
     'return wait * NS_PER_S / hz;', 'test_it_keeps_time'),
    ('unikernel', 'solo5', UNIKERNEL, '\tffntp_lwip_poll();\n', '', 'test_it_keeps_time'),
    ('unikernel', 'solo5', UNIKERNEL, 'if (config.poll_max_s < config.poll_min_s)\n\t\tconfig.poll_max_s = config.poll_min_s;', '', 'test_it_polls'),
    ('unikernel', 'solo5', UNIKERNEL, 'config.poll_min_s = self.options.poll_s;', '', 'test_it_polls'),
    ('unikernel', 'solo5', UNIKERNEL, 'if (options.follows || options.page != 0 || options.probe != 0)', 'if (false)', 'test_command_lines'),
    ('unikernel', 'solo5', UNIKERNEL, 'options.follows || ', '', 'test_command_lines'),
    ('unikernel', 'solo5', UNIKERNEL, ' || options.probe != 0', '', 'test_command_lines'),
    ('unikernel', 'solo5', UNIKERNEL, 'self.drive.is_awaiting && ', '', 'test_it_keeps_time'),
    ('unikernel', 'solo5', UNIKERNEL, ' && !is_past(self.asked, LISTEN_MS);', ';', 'test_a_server_that_falls'),
    ('unikernel', 'solo5', OPTIONS, '|| number > 65535', '', 'test_command_lines'),
    ('unikernel', 'solo5', OPTIONS, 'number < 1 || number > 65535', 'number > 65535', 'test_command_lines'),
    ('unikernel', 'solo5', OPTIONS, '|| number > 131072', '', 'test_command_lines'),
    ('unikernel', 'solo5', OPTIONS, '&& *address % 4096 == 0', '', 'test_command_lines'),
    ('unikernel', 'solo5', OPTIONS, 'if (options->server[0] == 0 && !options->follows)', 'if (false)', 'test_command_lines'),
    ('unikernel', 'solo5', OPTIONS, 'if (word.length > sizeof copy - 1)\n\t\tword.length = sizeof copy - 1;', '', 'test_command_lines'),
    ('unikernel', 'solo5', 'ports/words.c', 'if (word.length >= size)\n\t\treturn false;', '', 'test_command_lines'),
    ('unikernel', 'solo5', 'ports/words.c', 'if (value > (UINT64_MAX - digit(left.at[0])) / base)\n\t\t\treturn false;', '', 'test_command_lines'),
    ('follow', 'follow', FOLLOW, 'page == follow->followed && ', '', 'test_another_page'),
    ('follow', 'follow', FOLLOW, '&& link.width == follow->link.width', '', 'test_another_page'),
    ('follow', 'follow', FOLLOW, 'follow->followed != NULL &&', '', 'test_nothing_is_read'),
    ('follow', 'follow', FOLLOW, 'ffntp_page_check(follow->followed, FFNTP_PAGE_SIZE, &identity) == FFNTP_PAGE_OK &&', '', 'test_a_page_of_nonsense'),
    ('follow', 'follow', FOLLOW, '&& map->period_shift <= 62', '', 'test_a_page_of_nonsense'),
    ('follow', 'follow', FOLLOW, ' || is_taken(follow, &map)', '', 'test_what_changes'),
    ('follow', 'follow', FOLLOW, 'map->status == taken->status &&', '', 'test_each_change'),
    ('follow', 'follow', FOLLOW, 'map->at == taken->at && ', '', 'test_each_change'),
    ('follow', 'follow', FOLLOW, 'map->void_after == taken->void_after && ', '', 'test_each_change'),
    ('follow', 'follow', FOLLOW, '&& map->disruption_marker == taken->disruption_marker', '', 'test_each_change'),
    ('follow', 'follow', FOLLOW, 'map.disruption_marker != follow->taken.disruption_marker', 'false', 'test_what_changes'),
    ('follow', 'follow', FOLLOW, 'follow->link = link;\n\tfollow->has_taken = false;\n', 'follow->link = link;\n',
     'test_another_page'),
    ('follow', 'follow', FOLLOW, 'return a < UINT64_MAX - b ? a + b : UINT64_MAX;', 'return a + b;', 'test_a_bound_without'),
    ('follow', 'follow', FOLLOW, 'map.void_after += follow->link.offset;', '', 'test_the_time_is'),
    ('follow', 'follow', FOLLOW, 'width / 2 + 1', '0', 'test_the_time_is'),
    ('follow', 'follow', FOLLOW, 'if (!ffntp_follow_update(follow))\n\t\tsay_nothing(follow, FFNTP_STATUS_DISRUPTED, now);',
     'ffntp_follow_update(follow);', 'test_a_page_that_cannot'),
    ('guest', 'virtio', VIRTIO, 'handed_back <= (uint16_t)(queue->given - queue->seen) &&', '',
     'test_it_hands_back_more_than'),
    ('guest', 'virtio', VIRTIO, 'id < queue->size &&', '', 'test_it_hands_back_what_there'),
    ('guest', 'virtio', VIRTIO, '&& (queue->held >> id & 1) != 0;', ';', 'test_it_hands_back_what_it'),
    ('guest', 'virtio', VIRTIO, '!device->has_lied &&', '', 'test_it_hands_back'),
    ('guest', 'virtio', VIRTIO, '(DRIVER_OK | NEEDS_RESET | FAILED)', 'DRIVER_OK', 'test_a_card_that_wants'),
    ('guest', 'virtio', VIRTIO, 'queue->rings = (struct virtio_rings){ 0 };', '', 'test_a_card_that_wants'),
    ('guest', 'virtio', VIRTIO, 'if (tries > 100000)\n\t\t\treturn false;', '', 'test_a_card_that_does_not'),
    ('guest', 'virtio', VIRTIO, 'if ((queue->held >> *slot & 1) == 0)', '', 'test_a_frame_that_is_being'),
    ('guest', 'virtio', VIRTIO_NET, '&& written - header <= CARD_FRAME', '', 'test_it_writes_more'),
    ('guest', 'virtio', VIRTIO_NET, 'virtio_give(&transmit_queue, slot, to_send[slot].bytes, header + (uint32_t)length, false);',
     'virtio_give(&transmit_queue, slot, to_send[slot].bytes, header + (uint32_t)length, false);\n\t*sent = machine_counter();',
     'test_a_frame_is_stamped'),
    ('guest', 'virtio', VIRTIO_NET, '|| length > CARD_FRAME', '', 'test_no_more_is_sent'),
    ('guest', 'virtio', VIRTIO_NET, 'virtio_stop(&device);', '', 'test_a_card_that_is_asked'),
    ('guest', 'virtio', VIRTIO_NET, 'if (!is_begun || length', 'if (length', 'test_a_card_that'),
    ('guest', 'probe', 'ports/guest/probe.c', 'taken_link = page == NULL ? 0 : __atomic_load_n(&page[LINK], __ATOMIC_ACQUIRE);', 'taken_link = 0;',
     'test_a_link_that'),
    ('guest', 'probe', 'ports/guest/probe.c', '&& now - asked_at < quiet_ticks', '', 'test_a_question'),
    ('guest', 'virtio', VIRTIO_NET, 'if (!is_begun || !virtio_take', 'if (!virtio_take', 'test_a_card_that_wants'),
    ('xen', 'xenstore', XENSTORE, 'if (is_silent && filled() == 0)\n\t\treturn XENSTORE_SILENT;', '', 'test_a_silent_store'),
    ('xen', 'xenstore', XENSTORE, '!take(NULL, left) || ', '', 'test_a_store_that_stops'),
    ('xen', 'xenstore', XENSTORE, 'if (amount() < length)\n\t\txen_event_send(port);', '', 'test_a_value_that_does_not_fit'),
    ('xen', 'xenstore', XENSTORE, 'if (!wait_for(room, (uint32_t)sizeof *head + head->len))\n\t\treturn XENSTORE_SILENT;', '', 'test_a_store_that_takes'),
    ('xen', 'xenstore', XENSTORE, 'if (result != XENSTORE_FOUND)\n\t\tvalue[0] = 0;', '', 'test_a_value_is_read'),
    ('xen', 'xenstore', XENSTORE, 'has_changed[i] = watched[i][0] != 0;', ';', 'test_no_answer'),
    ('xen', 'xenstore', XENSTORE, 'token, sizeof token) != XENSTORE_SILENT;', 'token, sizeof token) == XENSTORE_FOUND;', 'test_a_watch_that_was'),
    ('xen', 'xenstore', XENSTORE, 'if (watched[watch][0] != 0 && !is_told[watch])\n\t\tbegin_watch(watch);', '', 'test_a_watch_that_was'),
    ('xen', 'xenstore', XENSTORE, 'left = 0;', '', 'test_a_restored'),
    ('xen', 'xenstore', XENSTORE, '&& head.len < size', '', 'test_a_value_that_does_not_fit'),
    ('xen', 'xenstore', XENSTORE, 'if (length > sizeof text)', 'if (false)', 'test_changes'),
    ('xen', 'netfront', NETFRONT, 'id >= SEND_PAGES || ', '', 'test_it_hands_back_what'),
    ('xen', 'netfront', NETFRONT, '|| (sending >> id & 1) == 0', '', 'test_it_hands_back_what'),
    ('xen', 'netfront', NETFRONT, 'if ((sending >> *id & 1) == 0)', 'if (true)', 'test_frames_that_are_sent'),
    ('xen', 'netfront', NETFRONT, 'if (produced - consumed <= asked - consumed)', 'if (true)', 'test_it_hands_back_more'),
    ('xen', 'netfront', NETFRONT, '&& is_online != 0', '', 'test_a_card_that_is_taken'),
    ('xen', 'netfront', NETFRONT, 'begin_anew();\n\t\tbreak;', 'break;', 'test_a_backend_that_closes'),
    ('xen', 'netfront', NETFRONT, 'else if (result == XENSTORE_ABSENT && phase != ALONE)', 'else if (phase != ALONE)', 'test_a_silent_store'),
    ('xen', 'netfront', NETFRONT, 'return *number != 0;', 'return true;', 'test_a_table_of_grants'),
    ('xen', 'netfront', NETFRONT, 'memset(received_grant, 0, sizeof received_grant);', '', 'test_without_a_card'),
    ('xen', 'netfront', NETFRONT, 'if (phase != ALONE)\n\t\txen_event_close(port);', '', 'test_a_beginning_that_fails'),
    ('xen', 'netfront', NETFRONT, 'if (phase == ALONE) {\n\t\t\tleave();\n\t\t} else if (phase == OFFERED)', 'if (phase == OFFERED)', 'test_a_card_that_is_left'),
    ('xen', 'netfront', NETFRONT, '== XENSTORE_ABSENT)\n\t\treturn "there is no', '!= XENSTORE_FOUND)\n\t\treturn "there is no', 'test_without_a_card'),
    ('xen', 'netfront', NETFRONT, 'RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&send_ring, is_wanted);',
     'RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&send_ring, is_wanted);\n\t*sent = machine_counter();', 'test_a_frame_is_stamped'),
    ('guest', 'pci', GUEST_PCI, 'next != 0 && count < PCI_CAPABILITIES_MOST', 'next != 0', 'test_capabilities_in_a'),
    ('guest', 'pci', GUEST_PCI, '(region->is_64 && bar + 1 >= count)', 'false', 'test_what_a_register'),
    ('guest', 'pci', GUEST_PCI, '!(region->is_64 && pci_read(device, bar_offset(bar + 1)) != 0)', 'true',
     'test_what_a_register'),
    ('guest', 'pci', GUEST_SLOT, 'window.next + region.size <= window.end', 'true', 'test_nothing_is_placed'),
    ('guest', 'pci', GUEST_SLOT, '&& !pci_is_enabled(device)', '', 'test_what_the_firmware'),
    ('guest', 'pci', GUEST_SLOT, '&& (events & STATUS_EXCHANGED) == 0', '', 'test_a_button_for_another'),
    ('guest', 'pci', GUEST_SLOT, 'if (events != 0)\n\t\tcontrol(slot, 0, events);', '', 'test_a_button_asks_once'),
    ('guest', 'pci', VIRTIO_PCI, '*length < least ||', '', 'test_registers_are_within'),
    ('guest', 'pci', VIRTIO_PCI, '*length > region.size || offset', 'offset', 'test_registers_are_within'),
    ('guest', 'pci', VIRTIO_PCI, '|| offset > region.size - *length', '', 'test_registers_are_within'),
    ('guest', 'pci', VIRTIO_PCI, 'offset < device->config_length ?', 'true ?', 'test_no_configuration'),
]


class Bench:
    """Objects of core as it is, and of one file as it would be without its guard."""

    def __init__(self, folder):
        self.folder = Path(folder)
        for part in ('core', 'daemon', 'include', 'ports', 'tests'):
            unused = shutil.ignore_patterns('traces', 'reference', 'corpus')
            shutil.copytree(TOP / part, self.folder / part, ignore=unused)
        self.objects = {}

    def copy(self, folder):
        """Another bench, with the objects that there are."""
        bench = object.__new__(Bench)
        bench.folder = Path(shutil.copytree(self.folder, folder))
        bench.objects = dict(self.objects)
        return bench

    def compile(self, source, output):
        command = [*CC, *FLAGS, '-c', source, '-o', output]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        return '' if done.returncode == 0 else done.stderr

    def object_of(self, source):
        if source not in self.objects:
            self.objects[source] = source.replace('/', '-') + '.o'
            error = self.compile(source, self.objects[source])
            if error:
                sys.exit(error)
        return self.objects[source]

    @staticmethod
    def source_of(test):
        return SOURCES.get(test, f'tests/test_{test}.c')

    def core_sources(self):
        return [str(path.relative_to(self.folder)) for path in sorted(self.folder.glob('core/**/*.c'))]

    def failing(self, test, broken=None):
        """Names of the tests that fail; a program that does not end properly fails in the test it was in.

        broken: objects to take in place of those of their sources.
        """
        sources = [*self.core_sources(), *PARTS.get(test, []), self.source_of(test)]
        objects = [(broken or {}).get(source) or self.object_of(source) for source in sources]
        libraries = ['-lcmocka', '-lm', *LINK.get(test, [])]
        subprocess.run([*CC, *FLAGS, *objects, *libraries, '-o', 'program'], cwd=self.folder, check=True)
        environment = dict(os.environ, CMOCKA_MESSAGE_OUTPUT='STDOUT', ASAN_OPTIONS='detect_leaks=0')
        try:
            done = subprocess.run(['./program', *ARGUMENTS.get(test, [])], cwd=self.folder, capture_output=True,
                                  text=True, check=False, env=environment, timeout=TIME_LIMIT_S)
            output, ended = done.stdout + done.stderr, 'test(s) run.' in done.stdout + done.stderr
        except subprocess.TimeoutExpired as late:
            output, ended = (late.stdout or b'').decode() + (late.stderr or b'').decode(), False
        names = re.findall(r'\[  FAILED  \] (\w+)', output)
        started = re.findall(r'\[ RUN      \] (\w+)', output)
        return set(names) | (set() if ended or not started else {started[-1]})

    def without(self, guard):
        """Why the guard is not guarded by its test, or nothing."""
        _, test, source, old, new, expected = guard
        text = (self.folder / source).read_text()
        pattern = r'\s+'.join(re.escape(word) for word in old.split())
        without, found = re.subn(pattern, lambda _: new, text)
        if found != 1:
            return [f'found {found} times: {old}']
        (self.folder / source).write_text(without)
        users = [*USERS[source], *PARTS.get(test, []), self.source_of(test)] if source in USERS else [source]
        broken = {user: f'broken-{number}.o' for number, user in enumerate(users)}
        errors = [error for user in users if (error := self.compile(user, broken[user]))]
        (self.folder / source).write_text(text)
        if errors:
            return errors
        failing = self.failing(test, broken)
        if any(name.startswith(expected) for name in failing):
            return []
        return [f'fails instead: {sorted(failing) or "nothing"}']


def judge_all(bench, folder):
    """Each guard's problems, in the guards' order; several benches work at a time."""
    idle = queue.Queue()
    idle.put(bench)
    for number in range(1, WORKERS):
        idle.put(bench.copy(f'{folder}/{number}'))

    def judge(guard):
        worker = idle.get()
        try:
            return worker.without(guard)
        finally:
            idle.put(worker)

    with ThreadPoolExecutor(WORKERS) as pool:
        yield from zip(GUARDS, pool.map(judge, GUARDS))


def main():
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(f'{folder}/0')
        print(f'1..{len(GUARDS) + 1}', flush=True)
        broken = {name for test in sorted({guard[1] for guard in GUARDS}) for name in bench.failing(test)}
        print('not ok' if broken else 'ok', '1 - all tests pass with every guard in place')
        for number, (guard, problems) in enumerate(judge_all(bench, folder), 2):
            failed += bool(problems)
            name = f'case {guard[0]}: {guard[5]} without its guard in {guard[2]}'
            print('not ok' if problems else 'ok', number, '-', name, flush=True)
            for line in '\n'.join(problems).splitlines():
                print('#', line)
    sys.exit(1 if failed or broken else 0)


main()
