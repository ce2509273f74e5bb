#!/usr/bin/env python3
"""An honest NTP server on 127.0.0.1, whose fields are given as NAME=VALUE.

port       123
ahead      seconds its clock is ahead of CLOCK_REALTIME, 0
leap, stratum, precision, root_delay, root_dispersion (the last two in s), refid (hexadecimal)
fraction   the fraction of a second in every timestamp, instead of the true one
log        a file that gets each request's transmit timestamp beside its arrival, both in seconds of 1970
ready      a file to create once requests are answered
"""
import socket
import struct
import sys
import time

NTP_UNIX_S = 2208988800
ERA = 1 << 64


def timestamp(seconds, fraction):
    if fraction is not None:
        seconds = int(seconds) + fraction
    return (int(seconds) + NTP_UNIX_S << 32 | int(seconds % 1 * 2**32)) % ERA


def main():
    options = {'port': 123, 'ahead': 0, 'leap': 0, 'stratum': 1, 'precision': -20, 'root_delay': 0,
               'root_dispersion': 1 / 4096, 'refid': '4c4f434c', 'fraction': None, 'log': None, 'ready': None}
    options.update(argument.split('=', 1) for argument in sys.argv[1:])
    ahead = float(options['ahead'])
    fraction = None if options['fraction'] is None else float(options['fraction'])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(('127.0.0.1', int(options['port'])))
        if options['ready']:
            with open(options['ready'], 'w', encoding='ascii'):
                pass
        while True:
            request, client = server.recvfrom(2048)
            arrival = time.time()
            if len(request) < 48 or request[0] & 7 != 3:
                continue
            head = struct.pack('>BBbbIII', int(options['leap']) << 6 | request[0] & 0x38 | 4, int(options['stratum']), request[2] % 128,
                               int(options['precision']), round(float(options['root_delay']) * 65536),
                               round(float(options['root_dispersion']) * 65536), int(options['refid'], 16))
            times = [timestamp(t + ahead, fraction) for t in (arrival - 10, arrival)]
            server.sendto(head + struct.pack('>Q8sQQ', times[0], request[40:48], times[1], timestamp(time.time() + ahead, fraction)), client)
            if options['log']:
                sent, parts = struct.unpack('>II', request[40:48])
                with open(options['log'], 'a', encoding='ascii') as log:
                    log.write(f'{sent - NTP_UNIX_S + parts / 2**32:.6f} {arrival:.6f}\n')


if __name__ == '__main__':
    main()
