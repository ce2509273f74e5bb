/* reportassets: the files of tool/report, which are built into the program. */
#ifndef FFNTP_TOOL_REPORTASSETS_H
#define FFNTP_TOOL_REPORTASSETS_H

extern const char report_style[];  /* page.css */
extern const char report_script[]; /* page.js */

#endif
