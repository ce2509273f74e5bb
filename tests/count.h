/* count: the number of elements of an array. */
#ifndef FFNTP_TESTS_COUNT_H
#define FFNTP_TESTS_COUNT_H

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#endif
