/* stdio: for lwIP, which includes it and prints nothing. */
#ifndef FFNTP_LWIP_STDIO_H
#define FFNTP_LWIP_STDIO_H
#endif
