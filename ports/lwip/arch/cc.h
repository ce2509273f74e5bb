/* cc: lwIP's requirements of a compiler, and of a system without libc. */
#ifndef FFNTP_LWIP_ARCH_CC_H
#define FFNTP_LWIP_ARCH_CC_H

#include <stddef.h>
#include <stdint.h>

#define LWIP_NO_INTTYPES_H 1
#define LWIP_NO_CTYPE_H 1
#define LWIP_NO_UNISTD_H 1
#define X8_F "x"
#define U16_F "u"
#define S16_F "d"
#define X16_F "x"
#define U32_F "u"
#define S32_F "d"
#define X32_F "x"
#define SZT_F "zu"

#ifndef BYTE_ORDER
#define LITTLE_ENDIAN 1234
#define BIG_ENDIAN 4321
#define BYTE_ORDER LITTLE_ENDIAN
#endif

uint32_t ffntp_lwip_random(void);

#define LWIP_RAND() ffntp_lwip_random()
#define LWIP_PLATFORM_DIAG(x)

#endif
