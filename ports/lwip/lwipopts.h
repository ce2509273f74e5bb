/*
 * lwipopts: the configuration of lwIP 2.1 for a guest: no threads, IPv4 and IPv6, DHCP, DNS, UDP, memory of a fixed
 * size.
 */
#ifndef FFNTP_LWIPOPTS_H
#define FFNTP_LWIPOPTS_H

#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_NETCONN 0
#define LWIP_SOCKET 0
#define LWIP_TCP 0
#define LWIP_RAW 0
#define LWIP_STATS 0
#define LWIP_NOASSERT 1 /* assertions are off whenever this is defined */

#define LWIP_IPV4 1
#define LWIP_ARP 1
#define LWIP_DHCP 1
#define LWIP_DHCP_DOES_ACD_CHECK 0
#define DHCP_DOES_ARP_CHECK 0
#define LWIP_IPV6 1
#define LWIP_IPV6_AUTOCONFIG 1
#define LWIP_IPV6_DUP_DETECT_ATTEMPTS 0
#define LWIP_ND6_RDNSS_MAX_DNS_SERVERS 1
#define LWIP_IPV6_DHCP6 0
#define LWIP_UDP 1
#define LWIP_DNS 1
#define LWIP_DNS_SECURE 7 /* random transactions, random ports, one request for one name */
#define DNS_TABLE_SIZE 2
#define DNS_MAX_SERVERS 3

#define LWIP_NETIF_HOSTNAME 0
#define LWIP_NETIF_STATUS_CALLBACK 0
#define LWIP_SINGLE_NETIF 0

#define MEM_ALIGNMENT 8
#define MEM_SIZE 16384
#define PBUF_POOL_SIZE 12
#define PBUF_POOL_BUFSIZE 1536
#define MEMP_NUM_UDP_PCB 8
#define MEMP_NUM_PBUF 8
#define MEMP_NUM_REASSDATA 2
#define IP_REASS_MAX_PBUFS 8

#define LWIP_TIMERS 1
#define LWIP_CHKSUM_ALGORITHM 3

#endif
