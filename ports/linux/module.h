/*
 * module: parts of a program that it loads when it needs them, because their libraries cost time or memory. They lie in
 * a folder of their own, FFNTP_MODULE_DIR; a program in a build folder has a search path (RUNPATH) to those of the
 * build. An installed program has none, because the loader would look there for each library at every start.
 */
#ifndef FFNTP_LINUX_MODULE_H
#define FFNTP_LINUX_MODULE_H

#include <dlfcn.h>
#include <stddef.h>
#include <unistd.h>

#include "../../include/ffntp/instant.h"

/*
 * Load a module until dlclose(). file: its name. Returns NULL if there is none, and dlerror() has the reason: that of
 * the search path's file, if the folder has none.
 */
FFNTP_MUST_USE static inline void *ffntp_module_open(const char *file, const char *path)
{
	void *module = dlopen(file, RTLD_NOW | RTLD_LOCAL);

	return module != NULL || access(path, F_OK) != 0 ? module : dlopen(path, RTLD_NOW | RTLD_LOCAL);
}

/* Load a module, for good. Returns its symbol; NULL if there is none, and dlerror() has the reason. */
FFNTP_MUST_USE static inline const void *ffntp_module_load(const char *file, const char *path, const char *symbol)
{
	void *module = ffntp_module_open(file, path);

	return module != NULL ? dlsym(module, symbol) : NULL;
}

#endif
