/* udp: see udp.h. */
#include "udp.h"

#include <lwip/dhcp.h>
#include <lwip/dns.h>
#include <lwip/ethip6.h>
#include <lwip/etharp.h>
#include <lwip/init.h>
#include <lwip/nd6.h>
#include <lwip/netif.h>
#include <lwip/pbuf.h>
#include <lwip/sys.h>
#include <lwip/timeouts.h>
#include <lwip/udp.h>
#include <netif/ethernet.h>

#define FRAME_MOST 1514
#define PORT_MS 30000 /* routers remember a port at least this long: Linux's nf_conntrack_udp_timeout */
#define AWAY_MS 60000 /* a larger advance of the counter since the last call is a jump, or the machine was away */

static struct {
	const struct ffntp_lwip_system *system;
	struct netif card;
	uint64_t arrived; /* when the current frame came in */
	uint64_t sent;    /* when the last frame left */
	enum ffntp_lwip_server resolved;
	unsigned question; /* numbers the look-ups, so that a late answer to an earlier one is recognised */
	ip_addr_t found;   /* the answer to the newest look-up */
	ip_addr_t server;  /* the server that is asked */
	uint16_t port;
	struct udp_pcb *pcb; /* of the newest request */
	bool is_answered;    /* the newest request was answered */
	uint32_t asked_ms;   /* when it was sent, in lwIP's time */
	uint64_t counted;    /* the counter at which 'ms' was right */
	uint32_t ms;         /* lwIP's time, which never runs backwards */
} net;

uint32_t ffntp_lwip_random(void)
{
	return net.system->random();
}

u32_t sys_now(void)
{
	uint64_t now = net.system->counter(), ticks_per_ms = net.system->counter_hz / 1000;
	uint64_t passed_ms = (now - net.counted) / ticks_per_ms;

	if (passed_ms > AWAY_MS) {
		net.counted = now;
		return net.ms;
	}
	net.counted += passed_ms * ticks_per_ms;
	net.ms += (uint32_t)passed_ms;
	return net.ms;
}

/* --- frames --- */

static err_t transmit(struct netif *card, struct pbuf *packet)
{
	static _Alignas(8) uint8_t frame[FRAME_MOST];
	uint16_t length = pbuf_copy_partial(packet, frame, sizeof frame, 0);

	(void)card;
	if (length != packet->tot_len)
		return ERR_BUF;
	return net.system->transmit(frame, length, &net.sent) ? ERR_OK : ERR_IF;
}

static err_t begin_card(struct netif *card)
{
	card->name[0] = 'e';
	card->name[1] = 'n';
	card->mtu = 1500;
	card->hwaddr_len = ETH_HWADDR_LEN;
	for (unsigned i = 0; i < ETH_HWADDR_LEN; i++)
		card->hwaddr[i] = net.system->mac[i];
	card->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET | NETIF_FLAG_MLD6;
	card->output = etharp_output;
	card->output_ip6 = ethip6_output;
	card->linkoutput = transmit;
	return ERR_OK;
}

void ffntp_lwip_frame(const void *frame, size_t length, uint64_t arrived)
{
	struct pbuf *packet;

	if (length > FRAME_MOST)
		return;
	packet = pbuf_alloc(PBUF_RAW, (u16_t)length, PBUF_POOL);
	if (packet == NULL)
		return;
	net.arrived = arrived;
	if (pbuf_take(packet, frame, (u16_t)length) != ERR_OK || net.card.input(packet, &net.card) != ERR_OK)
		pbuf_free(packet);
}

void ffntp_lwip_poll(void)
{
	sys_check_timeouts();
}

/* --- addresses --- */

static bool split_prefix(const char *text, char address[FFNTP_LWIP_ADDRESS_TEXT], unsigned *prefix)
{
	unsigned i;

	for (i = 0; text[i] != 0 && text[i] != '/'; i++) {
		if (i + 1 >= FFNTP_LWIP_ADDRESS_TEXT)
			return false;
		address[i] = text[i];
	}
	address[i] = 0;
	*prefix = 24;
	if (text[i] == 0)
		return true;
	*prefix = 0;
	while (text[++i] >= '0' && text[i] <= '9' && *prefix <= 32)
		*prefix = *prefix * 10 + (unsigned)(text[i] - '0');
	return text[i] == 0 && *prefix >= 1 && *prefix <= 32;
}

/* Accept four numbers only; lwIP would also take fewer, as the oldest systems did. */
static bool read_ipv4(const char *text, ip4_addr_t *address)
{
	unsigned dots = 0;

	for (const char *c = text; *c != 0; c++)
		dots += *c == '.';
	return dots == 3 && ip4addr_aton(text, address);
}

static const char *set_static(const struct ffntp_lwip_addresses *addresses)
{
	char text[FFNTP_LWIP_ADDRESS_TEXT];
	ip4_addr_t own, mask, gateway;
	unsigned prefix;

	ip4_addr_set_zero(&gateway);
	if (!split_prefix(addresses->ipv4, text, &prefix) || !read_ipv4(text, &own))
		return "ip= is no IPv4 address with a prefix length";
	if (addresses->gateway != NULL && !read_ipv4(addresses->gateway, &gateway))
		return "gateway= is no IPv4 address";
	ip4_addr_set_u32(&mask, lwip_htonl(~UINT32_C(0) << (32 - prefix)));
	netif_set_addr(&net.card, &own, &mask, &gateway);
	return NULL;
}

static void begin_link_local(void)
{
	netif_create_ip6_linklocal_address(&net.card, 1);
	netif_ip6_addr_set_state(&net.card, 0, IP6_ADDR_PREFERRED);
}

static const char *set_ipv6(const char *text)
{
	ip6_addr_t address;
	s8_t index = -1;

	begin_link_local();
	net.card.ip6_autoconfig_enabled = 1;
	if (text == NULL)
		return NULL;
	if (!ip6addr_aton(text, &address) || netif_add_ip6_address(&net.card, &address, &index) != ERR_OK)
		return "ip6= is no IPv6 address";
	netif_ip6_addr_set_state(&net.card, index, IP6_ADDR_PREFERRED);
	return NULL;
}

static const char *set_addresses(const struct ffntp_lwip_addresses *addresses)
{
	ip_addr_t dns;
	const char *problem = addresses->ipv4 != NULL ? set_static(addresses) : NULL;

	if (problem == NULL)
		problem = set_ipv6(addresses->ipv6);
	if (problem != NULL)
		return problem;
	if (addresses->dns != NULL) {
		if (!ipaddr_aton(addresses->dns, &dns))
			return "dns= is no address";
		dns_setserver(0, &dns);
	}
	if (addresses->ipv4 == NULL && dhcp_start(&net.card) != ERR_OK)
		return "DHCP does not start";
	return NULL;
}

const char *ffntp_lwip_begin(const struct ffntp_lwip_system *system, const struct ffntp_lwip_addresses *addresses)
{
	net.system = system;
	net.resolved = FFNTP_LWIP_UNKNOWN;
	lwip_init();
	if (netif_add_noaddr(&net.card, NULL, begin_card, ethernet_input) == NULL)
		return "lwIP does not accept the card";
	netif_set_default(&net.card);
	netif_set_link_up(&net.card);
	netif_set_up(&net.card);
	return set_addresses(addresses);
}

static bool is_another(const uint8_t mac[6])
{
	for (unsigned i = 0; i < ETH_HWADDR_LEN; i++)
		if (net.card.hwaddr[i] != mac[i])
			return true;
	return false;
}

/* Addresses leased by DHCP, or made from the card's number and router advertisements, do not hold for the next card. */
static void exchange_card(const uint8_t mac[6])
{
	bool is_leased = netif_dhcp_data(&net.card) != NULL;

	if (is_leased)
		dhcp_release_and_stop(&net.card);
	for (s8_t i = 1; i < LWIP_IPV6_NUM_ADDRESSES; i++)
		if (!netif_ip6_addr_isstatic(&net.card, i))
			netif_ip6_addr_set_state(&net.card, i, IP6_ADDR_INVALID);
	etharp_cleanup_netif(&net.card);
	nd6_cleanup_netif(&net.card);
	for (unsigned i = 0; i < ETH_HWADDR_LEN; i++)
		net.card.hwaddr[i] = mac[i];
	begin_link_local();
	if (is_leased)
		(void)dhcp_start(&net.card); /* it needs no memory, because it has been started before */
}

void ffntp_lwip_link(bool is_up, const uint8_t mac[6])
{
	if (is_another(mac))
		exchange_card(mac);
	if (is_up)
		netif_set_link_up(&net.card);
	else
		netif_set_link_down(&net.card);
}

void ffntp_lwip_renew(void)
{
	net.is_answered = false; /* because an unanswered request is followed by one from a new UDP port */
	if (!netif_is_link_up(&net.card))
		return;
	netif_set_link_down(&net.card);
	netif_set_link_up(&net.card);
}

static bool has_ipv4(void)
{
	return !ip4_addr_isany_val(*netif_ip4_addr(&net.card));
}

/* Return the index of the first IPv6 address with more than link scope; 0 if there is none. */
static s8_t first_ipv6(void)
{
	for (s8_t i = 1; i < LWIP_IPV6_NUM_ADDRESSES; i++)
		if (ip6_addr_isvalid(netif_ip6_addr_state(&net.card, i)))
			return i;
	return 0;
}

bool ffntp_lwip_address(char text[FFNTP_LWIP_ADDRESS_TEXT])
{
	if (has_ipv4())
		return ip4addr_ntoa_r(netif_ip4_addr(&net.card), text, FFNTP_LWIP_ADDRESS_TEXT) != NULL;
	if (first_ipv6() == 0)
		return false;
	return ip6addr_ntoa_r(netif_ip6_addr(&net.card, first_ipv6()), text, FFNTP_LWIP_ADDRESS_TEXT) != NULL;
}

/* --- the server --- */

static void answered(const char *name, const ip_addr_t *found, void *question)
{
	(void)name;
	if ((uintptr_t)question != net.question)
		return;
	net.resolved = found != NULL ? FFNTP_LWIP_FOUND : FFNTP_LWIP_UNKNOWN;
	if (found != NULL)
		net.found = *found;
}

void ffntp_lwip_resolve(const char *name, uint16_t port)
{
	err_t result;

	uint8_t kinds = has_ipv4() ? LWIP_DNS_ADDRTYPE_IPV4_IPV6 : LWIP_DNS_ADDRTYPE_IPV6_IPV4;

	net.port = port;
	net.resolved = FFNTP_LWIP_SEARCHING;
	net.question++;
	result = dns_gethostbyname_addrtype(name, &net.found, answered, (void *)(uintptr_t)net.question, kinds);
	if (result != ERR_INPROGRESS)
		net.resolved = result == ERR_OK ? FFNTP_LWIP_FOUND : FFNTP_LWIP_UNKNOWN;
}

/* Return whether there is an address of the found server's kind to send from. */
static bool is_reachable(void)
{
	if (IP_IS_V4_VAL(net.found))
		return has_ipv4();
	return ip6_addr_islinklocal(ip_2_ip6(&net.found)) || first_ipv6() > 0;
}

enum ffntp_lwip_server ffntp_lwip_resolved(void)
{
	return net.resolved == FFNTP_LWIP_FOUND && !is_reachable() ? FFNTP_LWIP_UNREACHABLE : net.resolved;
}

void ffntp_lwip_take_server(uint8_t address[16], char text[FFNTP_LWIP_ADDRESS_TEXT])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	bool is_v6 = IP_IS_V6_VAL(net.found);
	const uint8_t *bytes =
		is_v6 ? (const uint8_t *)ip_2_ip6(&net.found)->addr : (const uint8_t *)&ip_2_ip4(&net.found)->addr;

	net.server = net.found;
	net.is_answered = false; /* because an unanswered request is followed by one from a new UDP port */
	for (unsigned i = 0; i < 16; i++)
		address[i] = is_v6 ? bytes[i] : i < 12 ? mapped[i] : bytes[i - 12];
	if (ipaddr_ntoa_r(&net.server, text, FFNTP_LWIP_ADDRESS_TEXT) == NULL)
		text[0] = 0;
}

/* --- datagrams --- */

static void receive(void *unused, struct udp_pcb *pcb, struct pbuf *packet, const ip_addr_t *from, u16_t port)
{
	static uint8_t bytes[FRAME_MOST];
	uint16_t length = pbuf_copy_partial(packet, bytes, sizeof bytes, 0);
	bool is_whole = length == packet->tot_len;

	(void)unused;
	(void)pcb;
	pbuf_free(packet);
	/* Addresses on the link have a zone, which the server's address need not name because there is one card. */
	if (!is_whole || port != net.port || !ip_addr_cmp_zoneless(from, &net.server))
		return;
	net.is_answered = true;
	net.system->received(bytes, length, net.arrived);
}

/*
 * Use a port that cannot be guessed, and keep it while requests follow each other and are answered. A path sets up
 * state for a new port, in NAT, firewalls and software switches, while the request waits and the reply does not; half
 * of that delay would be an error of the clock. The nonce keeps strangers' datagrams out.
 */
static bool open_port(void)
{
	struct udp_pcb *former = net.pcb;
	bool is_bound = false;

	if (former != NULL && net.is_answered && sys_now() - net.asked_ms < PORT_MS)
		return true;
	net.pcb = udp_new_ip_type(IPADDR_TYPE_ANY);
	for (int tries = 0; tries < 4 && net.pcb != NULL && !is_bound; tries++)
		is_bound = udp_bind(net.pcb, IP_ANY_TYPE, (u16_t)(0xc000 | (ffntp_lwip_random() & 0x3fff))) == ERR_OK;
	if (former != NULL)
		udp_remove(former);
	if (!is_bound)
		return false;
	udp_recv(net.pcb, receive, NULL);
	return true;
}

bool ffntp_lwip_send(const uint8_t *bytes, size_t length, uint64_t *sent)
{
	struct pbuf *packet;
	err_t result;

	if (!open_port())
		return false;
	packet = pbuf_alloc(PBUF_TRANSPORT, (u16_t)length, PBUF_RAM);
	if (packet == NULL)
		return false;
	net.is_answered = false;
	net.asked_ms = sys_now();
	net.sent = net.system->counter(); /* the card sets it again when the frame leaves, unless lwIP first asks for
					     the Ethernet address */
	result = pbuf_take(packet, bytes, (u16_t)length);
	if (result == ERR_OK)
		result = udp_sendto(net.pcb, packet, &net.server, net.port);
	pbuf_free(packet);
	*sent = net.sent;
	return result == ERR_OK;
}
