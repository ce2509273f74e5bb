/* memory: see memory.h. For QEMU with memory-backend-file,share=on. */
#include "memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

void *memory_page(const char *name, uint64_t address)
{
	int descriptor = open(name, O_RDWR | O_CLOEXEC);
	struct stat about;
	void *page = MAP_FAILED;

	if (descriptor >= 0 && fstat(descriptor, &about) == 0 && address + 4096 <= (uint64_t)about.st_size)
		page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, (off_t)address);
	if (descriptor >= 0)
		close(descriptor);
	return page == MAP_FAILED ? NULL : page;
}
