"""An NTP server of which a test chooses every byte."""
import os
import select
import socket
import struct
import threading
import time

NTP_UNIX_S = 2208988800


def ntp(unix_s):
    return int((unix_s + NTP_UNIX_S) * 2**32) & (2**64 - 1)


def reply(request, *, leap=0, version=4, mode=4, stratum=1, refid=b"TEST", root_delay_s=0.0, root_dispersion_s=0.0,
          origin=None, receive=None, transmit=None, offset_s=0.0, first_byte=None):
    """Return a good reply to request; arguments replace its fields."""
    now = ntp(time.time() + offset_s)
    return struct.pack(">BBbbII4sQQQQ", leap << 6 | version << 3 | mode if first_byte is None else first_byte, stratum, 6, -20,
                       int(root_delay_s * 65536), int(root_dispersion_s * 65536), refid, now,
                       struct.unpack_from(">Q", request, 40)[0] if origin is None else origin,
                       now if receive is None else receive, now if transmit is None else transmit)


def kiss(request, code, **more):
    return reply(request, stratum=0, refid=code, leap=3, **more)


def honest(server, request, number):
    return [reply(request)]


class Server:
    """answer(server, request, number) returns the datagrams to send back for the number-th request, counted from 0."""

    def __init__(self, answer=honest, host="127.0.0.1", family=socket.AF_INET, port=0):
        self.answer = answer
        self.requests = []      # time and content of each
        self.clients = []       # sender of each
        self.problem = None
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.bind((host, port))
        self.port = self.socket.getsockname()[1]
        self.stopping, self.stop = os.pipe()
        self.thread = threading.Thread(target=self.serve)

    def serve(self):
        try:
            while True:
                ready, _, _ = select.select([self.socket, self.stopping], [], [])
                if self.stopping in ready:
                    return
                self.serve_one()
        except Exception as problem:
            self.problem = problem

    def serve_one(self):
        try:
            request, client = self.socket.recvfrom(4096)
        except ConnectionError:
            return
        self.clients.append(client)
        self.requests.append((time.monotonic(), request))
        for datagram in self.answer(self, request, len(self.requests) - 1):
            try:
                self.socket.sendto(datagram, client)
            except OSError:
                pass             # the client has closed its socket, which it may do

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *unused):
        os.write(self.stop, b"x")
        self.thread.join()
        for descriptor in (self.stopping, self.stop):
            os.close(descriptor)
        self.socket.close()
        if self.problem:
            raise self.problem
