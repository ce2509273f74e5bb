/*
 * linkage: the macros that every public header uses. The headers compile as C99, C11, C17, C++17 and later, alone and
 * in any order; C++ programs link the same names as C programs.
 */
#ifndef FFNTP_LINKAGE_H
#define FFNTP_LINKAGE_H

/* Marks a function whose result must not be ignored. */
#if defined(__GNUC__)
#define FFNTP_MUST_USE __attribute__((warn_unused_result))
#else
#define FFNTP_MUST_USE
#endif

#if defined(__GNUC__) && defined(__ELF__)
/* Begin to export what is declared, although the library is built with hidden visibility. */
#define FFNTP_EXPORT_PUSH _Pragma("GCC visibility push(default)")
/* End it. */
#define FFNTP_EXPORT_POP _Pragma("GCC visibility pop")
#else
#define FFNTP_EXPORT_PUSH
#define FFNTP_EXPORT_POP
#endif

#if defined(__cplusplus)
/* Begin the declarations of a public header. */
#define FFNTP_BEGIN_DECLARATIONS \
	FFNTP_EXPORT_PUSH        \
	extern "C" {
/* End them. */
#define FFNTP_END_DECLARATIONS \
	}                      \
	FFNTP_EXPORT_POP
#else
/* Begin the declarations of a public header. */
#define FFNTP_BEGIN_DECLARATIONS FFNTP_EXPORT_PUSH
/* End them. */
#define FFNTP_END_DECLARATIONS FFNTP_EXPORT_POP
#endif

#endif
