#!/bin/bash
# gnutls_aead_cipher_decryptv2 of libgnutls30 3.7.9-2+deb12u7, with an AES-SIV cipher, succeeds and returns a wrong
# plaintext: the 16 bytes of the tag, followed by the plaintext without its last 16 bytes.
#
# The function takes the tag in an argument of its own, and puts the plaintext in the place of the ciphertext; one
# expects what gnutls_aead_cipher_encryptv2 was given. With AES-128-SIV and AES-256-SIV its result is 0, as for any
# success, and of a text of one byte nothing is left. encryptv2 itself is right (the synthetic IV is the tag), and
# gnutls_aead_cipher_decrypt, which takes tag and ciphertext in one piece, returns the plaintext. AES-128-GCM,
# AES-128-CCM and CHACHA20-POLY1305 are right with both functions.
#
# It matters to an NTS client or server in C: RFC 8915 demands AES-SIV, and a tag that stands beside the text is what
# the scattered functions are for. In a reply, the plaintext is the new cookies.
#
# Seen, for a text of 40 bytes, "ABCD...": AES-128-SIV and AES-256-SIV: result 0, tag + "ABCDEFGHIJKLMNOPQRSTUVWX";
#       the other three: result 0, the text; gnutls_aead_cipher_decrypt: the text with all five
#
# ffntp: encrypts with nettle (ports/linux/aead.c), not with GnuTLS; test_nts compares with another implementation.

set -euo pipefail
. "$(dirname "$0")/lib/common.sh"

debian libgnutls30=3.7.9-2+deb12u7 libnettle8=3.8.1-2 libhogweed6=3.8.1-2 libgmp10=2:6.2.1+dfsg1-1.1 \
	libtasn1-6=4.19.0-2+deb12u1 libp11-kit0=0.24.1-2 libidn2-0=2.3.3-1+b1 libunistring2=1.0-2 libffi8=3.4.4-1

cat >"$work/scattered.py" <<'END'
"""Encrypt with encryptv2, then decrypt with both functions; print the cipher, both results and what came out."""
import ctypes
import sys

gnutls = ctypes.CDLL(sys.argv[1])
TEXT, SIZE = bytes(range(65, 105)), ctypes.c_size_t


class Datum(ctypes.Structure):
    _fields_ = [('data', ctypes.c_char_p), ('size', ctypes.c_uint)]


class Vector(ctypes.Structure):
    _fields_ = [('base', ctypes.c_void_p), ('size', ctypes.c_size_t)]


def vector(buffer):
    return ctypes.byref(Vector(ctypes.addressof(buffer), len(buffer)))


def outcome(result, plaintext, tag):
    if result != 0:
        return f'error {result}'
    if plaintext == TEXT:
        return 'text'
    return 'tag+truncated' if plaintext == tag + TEXT[:-16] else 'other'


for name, key_size, nonce_size in (('AES-128-SIV', 32, 16), ('AES-256-SIV', 64, 16), ('AES-128-GCM', 16, 12),
                                   ('AES-128-CCM', 16, 12), ('CHACHA20-POLY1305', 32, 12)):
    key, nonce, cipher = bytes(range(key_size)), b'n' * nonce_size, ctypes.c_void_p()
    data, text, tag, tag_size = (ctypes.create_string_buffer(b'ad', 2), ctypes.create_string_buffer(TEXT, len(TEXT)),
                                 ctypes.create_string_buffer(16), SIZE(16))
    status = gnutls.gnutls_aead_cipher_init(ctypes.byref(cipher), gnutls.gnutls_cipher_get_id(name.encode()),
                                            ctypes.byref(Datum(key, key_size)))
    status |= gnutls.gnutls_aead_cipher_encryptv2(cipher, nonce, SIZE(nonce_size), vector(data), 1, vector(text), 1,
                                                  tag, ctypes.byref(tag_size))
    assert status == 0 and tag_size.value == 16
    whole = tag.raw + text.raw if name.endswith('SIV') else text.raw + tag.raw
    opened, opened_size = ctypes.create_string_buffer(len(whole)), SIZE(len(whole))
    result = gnutls.gnutls_aead_cipher_decrypt(cipher, nonce, SIZE(nonce_size), data, SIZE(2), SIZE(16), whole,
                                               SIZE(len(whole)), opened, ctypes.byref(opened_size))
    at_once = outcome(result, opened.raw[:opened_size.value], tag.raw)
    result = gnutls.gnutls_aead_cipher_decryptv2(cipher, nonce, SIZE(nonce_size), vector(data), 1, vector(text), 1,
                                                 tag, tag_size)
    print(name, at_once, outcome(result, text.raw, tag.raw), result)
END

observe()
{
	local name at_once scattered result
	LD_LIBRARY_PATH=$(find "$root" -name '*.so*' -printf '%h\n' | sort -u | paste -sd:) \
		"$python" "$work/scattered.py" "$(echo "$root"/usr/lib/*/libgnutls.so.30)" >"$work/found"
	while read -r name at_once scattered result; do
		echo "libgnutls30 3.7.9, $name: decrypt returns the $at_once; decryptv2 the $scattered, its result is $result"
		expect "$name: decrypt returns the text" "$at_once" = text
		case $name in
		*-SIV) expect "$name: decryptv2 returns the tag and a part of the text" "$scattered" = tag+truncated ;;
		*) expect "$name: decryptv2 returns the text" "$scattered" = text ;;
		esac
	done <"$work/found"
	expect "five ciphers were tried" "$(wc -l <"$work/found")" = 5
	conclude
}

here
