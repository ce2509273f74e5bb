/*
 * udp: NTP datagrams over lwIP without threads (NO_SYS), for a guest with one Ethernet card. Addresses come from DHCP,
 * router advertisements or the configuration, names from DNS. Not reentrant; there is one instance, as of lwIP.
 */
#ifndef FFNTP_LWIP_UDP_H
#define FFNTP_LWIP_UDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The functions that the system supplies. */
struct ffntp_lwip_system {
	uint8_t mac[6];
	/*
	 * Send a frame. *sent: the counter just before the card could see the frame. Returns false if it was not sent.
	 */
	bool (*transmit)(const void *frame, size_t length, uint64_t *sent);
	uint64_t (*counter)(void);
	uint64_t counter_hz; /* to a few per cent: used for timeouts */
	/* Good enough for port numbers and transactions. */
	uint32_t (*random)(void);
	/* Called for a datagram from the server. arrived: the value given to ffntp_lwip_frame. */
	void (*received)(const uint8_t *bytes, size_t length, uint64_t arrived);
};

/* Texts, or NULL. Without an IPv4 address DHCP is used. */
struct ffntp_lwip_addresses {
	const char *ipv4;    /* "10.0.2.15/24" */
	const char *gateway; /* "10.0.2.2" */
	const char *dns;     /* IPv4 or IPv6 */
	const char *ipv6;    /* "fec0::15"; NULL: from router advertisements */
};

/* Start the network. Returns NULL; or a message, and there is no network. */
const char *ffntp_lwip_begin(const struct ffntp_lwip_system *system, const struct ffntp_lwip_addresses *addresses);

/* Pass a received frame to lwIP. */
void ffntp_lwip_frame(const void *frame, size_t length, uint64_t arrived);

/* Run lwIP's timers; call it at least every 100 ms. */
void ffntp_lwip_poll(void);

/*
 * Report that the card's link came up or went down. If the card is a different one, the old card's addresses are given
 * up.
 */
void ffntp_lwip_link(bool is_up, const uint8_t mac[6]);

/* Ask for addresses again, because the machine may have been away for longer than its lease, or on another network. */
void ffntp_lwip_renew(void);

#define FFNTP_LWIP_ADDRESS_TEXT 48

/*
 * Return whether there is an address to send from, IPv4 or IPv6 with more than link scope, and its text, IPv4
 * preferred.
 */
bool ffntp_lwip_address(char text[FFNTP_LWIP_ADDRESS_TEXT]);

enum ffntp_lwip_server {
	FFNTP_LWIP_SEARCHING,
	FFNTP_LWIP_FOUND,
	FFNTP_LWIP_UNREACHABLE, /* found, but there is no address of its kind to send from yet; resolve again later */
	FFNTP_LWIP_UNKNOWN,     /* the name does not exist, or no name server answered; resolve again later */
};

/*
 * Start to resolve the server: a numeric address, or a name of at most 255 characters. The server in use remains until
 * a new one is taken.
 */
void ffntp_lwip_resolve(const char *name, uint16_t port);
enum ffntp_lwip_server ffntp_lwip_resolved(void);

/* Use the server that was found from now on. Returns its address (IPv6, or IPv4 mapped into it), also as text. */
void ffntp_lwip_take_server(uint8_t address[16], char text[FFNTP_LWIP_ADDRESS_TEXT]);

/*
 * Send a datagram to the server. If the last request was not answered, or was sent half a minute ago, a new port is
 * used, and answers to the old one are no longer received. Returns false if it was not sent.
 */
bool ffntp_lwip_send(const uint8_t *bytes, size_t length, uint64_t *sent);

#endif
