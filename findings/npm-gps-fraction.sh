#!/bin/bash
# Two packages of npm for GPS time are right for whole seconds and wrong between them. nmea-simple 3.3.0 reads a
# fraction of a second only if it has two digits; gps-time 1.0.8 adds half a second to each Unix time that has a
# fraction.
#
# One expects that the number of digits does not matter, because NMEA 0183 leaves it open, or that the sentence is
# refused. nmea-simple reads 12:35:19.25 as it is, and 12:35:19.5, 12:35:19.999 and 12:35:19.123456 as 12:35:19.000, up
# to a second early, without an error; the package gps 0.9.0 is right for all.
#
# One expects of gps-time that GPS time minus Unix time is a whole number of seconds. toGPSMS has that at whole seconds
# only (18 s and the distance of the epochs), and half a second more a millisecond later, so that nearly each result for
# Date.now(), the example of its own description, is wrong. toUnixMS returns the fraction as it is, so that a time that
# goes there and back comes back half a second late.
#
# Seen: nmea-simple: 123519.25 -> 19.250   123519.5 -> 19.000   123519.999 -> 19.000   123519.123456 -> 19.000
#       gps: 19.250, 19.500, 19.999, 19.123
#       gps-time: 2026-11-30T00:00:00.000Z + 18 s   .001Z + 18.5 s   .500Z + 18.5 s   .999Z + 18.5 s; back: + 0.5 s
#
# ffntp: reads no GPS; its own fractions have nine digits.

set -euo pipefail
. "$(dirname "$0")/lib/common.sh"

npm_packages nmea-simple@3.3.0 gps@0.9.0 gps-time@1.0.8

cat >"$work/fraction.js" <<'END'
const { parseNmeaSentence } = require('nmea-simple');
const GPS = require('gps');
const gpsTime = require('gps-time');

function sentence(time) {
	const text = `GPRMC,${time},A,4800.000,N,00200.000,E,0.0,0.0,301126,,`;
	const sum = Buffer.from(text).reduce((a, b) => a ^ b, 0);
	return `$${text}*${sum.toString(16).toUpperCase().padStart(2, '0')}`;
}

for (const time of ['123519.25', '123519.5', '123519.999', '123519.123456']) {
	console.log(time, ...[parseNmeaSentence(sentence(time)).datetime, GPS.Parse(sentence(time)).time]
		.map(date => date.toISOString().slice(17, 23)));
}
const epochs = Date.UTC(1980, 0, 6), day = Date.UTC(2026, 10, 30);
for (const ms of [0, 1, 500, 999]) {
	const gps = gpsTime.toGPSMS(day + ms);
	console.log(ms, gps - (day + ms - epochs), gpsTime.toUnixMS(gps) - (day + ms));
}
END

observe()
{
	NODE_PATH=$work/npm/node_modules timeout 60 node "$work/fraction.js" >"$work/found"
	sed -n '1,4s/\(.*\) \(.*\) \(.*\)/time \1: nmea-simple \2, gps \3/p' "$work/found"
	sed -n '5,8s/\(.*\) \(.*\) \(.*\)/\1 ms past the second: gps-time + \2 ms, and back + \3 ms/p' "$work/found"
	expect "two digits are read" "$(sed -n 1p "$work/found")" = '123519.25 19.250 19.250'
	expect "one digit is not" "$(sed -n 2p "$work/found")" = '123519.5 19.000 19.500'
	expect "nor are three" "$(sed -n 3p "$work/found")" = '123519.999 19.000 19.999'
	expect "nor six" "$(sed -n 4p "$work/found")" = '123519.123456 19.000 19.123'
	expect "gps-time is right at a whole second" "$(sed -n 5p "$work/found")" = '0 18000 0'
	expect "and half a second late between two" "$(sed -n 6,8p "$work/found" | tr '\n' ' ')" = \
		'1 18500 500 500 18500 500 999 18500 500 '
	conclude
}

here
