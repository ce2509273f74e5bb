#!/bin/bash
# python3-cryptography 38.0.4-3+deb12u1 (with libssl3 3.0.22-1~deb12u2) can neither make nor check what every NTS
# request carries: AES-SIV of an empty plaintext. AESSIV.encrypt raises "InternalError: Unknown OpenSSL error", and
# AESSIV.decrypt refuses a genuine one with InvalidTag, as if it were forged.
#
# The authenticator of NTS (RFC 8915, section 5.6) encrypts extension fields, of which a request usually has none; RFC
# 5297 allows the empty plaintext. nettle 3.8.1-2 makes 16 bytes of it. With a plaintext of one byte both agree, so the
# key, the order of associated data and nonce, and the place of the tag are the same.
#
# Seen: 1 byte: both ca5d688f581f9eaa3e3d6ec693bbe4c50b, which AESSIV decrypts;
#       empty: nettle f83072286ff1c169d0a4ce36de09671d, AESSIV InternalError; AESSIV.decrypt of nettle's: InvalidTag
#
# ffntp: has no NTS yet. This module of Debian 12 cannot be the reference in its tests.

set -euo pipefail
. "$(dirname "$0")/lib/common.sh"

debian python3-cryptography=38.0.4-3+deb12u1 python3-cffi-backend=1.15.1-5+b1 libssl3=3.0.22-1~deb12u2 \
	libnettle8=3.8.1-2

cat >"$work/siv.py" <<'END'
import ctypes
import sys

from cryptography.hazmat.primitives.ciphers.aead import AESSIV

KEY, DATA, NONCE = bytes(range(32)), b'ad', b'n' * 16
nettle = ctypes.CDLL(sys.argv[1])


def by_nettle(plaintext):
    context, result = ctypes.create_string_buffer(4096), ctypes.create_string_buffer(16 + len(plaintext))
    nettle.nettle_siv_cmac_aes128_set_key(context, KEY)
    size = ctypes.c_size_t
    nettle.nettle_siv_cmac_aes128_encrypt_message(context, size(len(NONCE)), NONCE, size(len(DATA)), DATA,
                                                  size(len(result)), result, plaintext)
    return result.raw


def outcome(function, *arguments):
    try:
        return function(*arguments).hex() or 'empty'
    except Exception as error:
        return type(error).__name__


module = AESSIV(KEY)
for plaintext in b'x', b'':
    sealed = by_nettle(plaintext)
    print(len(plaintext), sealed.hex(), outcome(module.encrypt, plaintext, [DATA, NONCE]),
          outcome(module.decrypt, sealed, [DATA, NONCE]))
END

observe()
{
	local length nettle sealed opened
	LD_LIBRARY_PATH=$(dirname "$root"/usr/lib/*/libssl.so.3) PYTHONPATH=$root/usr/lib/python3/dist-packages \
		"$python" "$work/siv.py" "$(echo "$root"/usr/lib/*/libnettle.so.8)" >"$work/siv"
	while read -r length nettle sealed opened; do
		echo "plaintext of $length bytes: nettle $nettle, encrypt $sealed, decrypt $opened"
		if [ "$length" = 1 ]; then
			expect "one byte is encrypted as by nettle" "$sealed" = "$nettle"
			expect "and decrypted" "$opened" = 78
		else
			expect "nothing is not encrypted" "$sealed" = InternalError
			expect "and refused" "$opened" = InvalidTag
		fi
	done <"$work/siv"
	conclude
}

here
