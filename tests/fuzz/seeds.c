/*
 * Run a fuzz target once on each file in a folder, without libFuzzer: seeds FOLDER. A target that requires what the
 * code no longer promises then fails in make check, and with any compiler. Output: one line of TAP for each file.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#define LARGEST_SEED 65536

static int is_seed(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* Run the target on one file; a failed requirement of the target ends the process. */
static void run_seed(const char *folder, const char *name)
{
	char path[4096];
	uint8_t *bytes = malloc(LARGEST_SEED);
	size_t size;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "rb");
	if (bytes == NULL || file == NULL) {
		perror(path);
		exit(1);
	}
	printf("# %s\n", name);
	fflush(stdout);
	size = fread(bytes, 1, LARGEST_SEED, file);
	LLVMFuzzerTestOneInput(bytes, size);
	fclose(file);
	free(bytes);
}

int main(int argc, char **argv)
{
	struct dirent **names;
	int count = argc == 2 ? scandir(argv[1], &names, is_seed, alphasort) : 0;

	if (count <= 0) {
		fprintf(stderr, "seeds: no seeds; usage: seeds FOLDER\n");
		return 2;
	}
	printf("1..%d\n", count);
	for (int i = 0; i < count; i++) {
		run_seed(argv[1], names[i]->d_name);
		printf("ok %d %s\n", i + 1, names[i]->d_name);
		free(names[i]);
	}
	free(names);
	return 0;
}
