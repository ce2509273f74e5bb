/* stdio: included by lwIP, which prints nothing. */
#ifndef FFNTP_LWIP_STDIO_H
#define FFNTP_LWIP_STDIO_H
#endif
