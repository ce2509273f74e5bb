/*
 * udp: NTP's datagrams over lwIP without threads (NO_SYS), for a guest with one Ethernet card: addresses by DHCP, by
 * router advertisement or given, names by DNS. Not reentrant, and one of it, as lwIP is.
 */
#ifndef FFNTP_LWIP_UDP_H
#define FFNTP_LWIP_UDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the system supplies. */
struct ffntp_lwip_system {
	uint8_t mac[6];
	/* Sends a frame; *sent: the counter just before the card could see the frame. False if it was not sent. */
	bool (*transmit)(const void *frame, size_t length, uint64_t *sent);
	uint64_t (*counter)(void);
	uint64_t counter_hz; /* to some per cent: timeouts are made of it */
	/* Good enough for port numbers and transactions. */
	uint32_t (*random)(void);
	/* A datagram from the server; arrived: as ffntp_lwip_frame was told. */
	void (*received)(const uint8_t *bytes, size_t length, uint64_t arrived);
};

/* Texts, or NULL. Without an IPv4 address there is DHCP. */
struct ffntp_lwip_addresses {
	const char *ipv4;    /* "10.0.2.15/24" */
	const char *gateway; /* "10.0.2.2" */
	const char *dns;     /* IPv4 or IPv6 */
	const char *ipv6;    /* "fec0::15"; else what routers advertise */
};

/* Returns NULL; or one line for people, and there is no network. */
const char *ffntp_lwip_begin(const struct ffntp_lwip_system *system, const struct ffntp_lwip_addresses *addresses);

/* A frame that came in. */
void ffntp_lwip_frame(const void *frame, size_t length, uint64_t arrived);

/* What lwIP does from time to time; to be called every 100 ms at least. */
void ffntp_lwip_poll(void);

/* The card's link came up or went down. Where the card is another one, addresses that were made for the former are
 * given up. */
void ffntp_lwip_link(bool is_up, const uint8_t mac[6]);

/* The machine may have been away, on another network, for longer than its lease: addresses are asked for again. */
void ffntp_lwip_renew(void);

#define FFNTP_LWIP_ADDRESS_TEXT 48

/* Whether there is an address to send from: IPv4, or IPv6 that reaches further than the link. Its text, the IPv4 one
 * first. */
bool ffntp_lwip_address(char text[FFNTP_LWIP_ADDRESS_TEXT]);

enum ffntp_lwip_server {
	FFNTP_LWIP_SEARCHING,
	FFNTP_LWIP_FOUND,
	FFNTP_LWIP_UNREACHABLE, /* found, but there is no address of its kind to send from, yet; may be asked again */
	FFNTP_LWIP_UNKNOWN,     /* no such name, or nobody who knows; may be asked again */
};

/*
 * Begins to look for the server: a numeric address, or a name of at most 255 characters. The one that was taken before
 * is asked until another is.
 */
void ffntp_lwip_resolve(const char *name, uint16_t port);
enum ffntp_lwip_server ffntp_lwip_resolved(void);

/* The server that was found is asked from now on. Its address: IPv6, or IPv4 mapped into it; and as text. */
void ffntp_lwip_take_server(uint8_t address[16], char text[FFNTP_LWIP_ADDRESS_TEXT]);

/*
 * To the server; from another port than the last time if that was not answered, or is half a minute ago, and then
 * answers to the former one are no longer heard. False if not sent.
 */
bool ffntp_lwip_send(const uint8_t *bytes, size_t length, uint64_t *sent);

#endif
