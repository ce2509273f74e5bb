# The sources of a unikernel on any system: core, ports, and lwIP. TOP and LWIP are their folders.
CORE := $(wildcard $(TOP)/core/*.c $(TOP)/core/*/*.c)
PORTS := $(addprefix $(TOP)/ports/, drive.c memory.c options.c processor.c processorport.c report.c standstill.c unikernel.c words.c lwip/udp.c)
STACK := $(addprefix $(LWIP)/src/, $(addprefix core/, def.c dns.c inet_chksum.c init.c ip.c mem.c memp.c netif.c pbuf.c timeouts.c udp.c) \
	$(addprefix core/ipv4/, dhcp.c etharp.c icmp.c ip4.c ip4_addr.c ip4_frag.c) \
	$(addprefix core/ipv6/, ethip6.c icmp6.c inet6.c ip6.c ip6_addr.c ip6_frag.c mld6.c nd6.c) netif/ethernet.c)
