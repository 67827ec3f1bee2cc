/* SPDX-License-Identifier: MIT */
/*
 * System V and POSIX objects of the host, which have names of their own that no
 * rule on paths covers: shared memory and a semaphore (ipckey=), a message queue
 * (mqueue=), and the listings of /proc/sysvipc. (sandbox.md: POSIX mqueues; SysV
 * shm and metadata.) Success: one can be opened, or is listed.
 */
#include <mqueue.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include "escape.h"

static void listing(const char *path)
{
	char line[512], what[64];
	unsigned lines = 0;
	FILE *file = fopen(path, "re");

	while (file && fgets(line, sizeof(line), file))
		lines++;
	if (file)
		fclose(file);
	snprintf(what, sizeof(what), "%s: %u objects", path, lines ? lines - 1 : 0);
	/* The first line is the heading. */
	if (lines > 1)
		escaped("%s", what);
	else
		refused("%s", what);
}

static void shared_memory(key_t key)
{
	int id = (int)tried("shmget", shmget(key, 0, 0));
	void *memory = id < 0 ? (void *)-1 : shmat(id, NULL, SHM_RDONLY);

	if (memory != (void *)-1 && strstr(memory, need("token")))
		escaped("shared memory shows the token");
	for (id = 0; id < 64; id++)
		if ((memory = shmat(id, NULL, SHM_RDONLY)) != (void *)-1)
			escaped("shared memory %d attached by its number", id);
}

int main(int argc, char **argv)
{
	struct shminfo info;
	struct shmid_ds status;
	key_t key;

	(void)argc;
	begin(argv);
	key = (key_t)strtol(need("ipckey"), NULL, 0);
	shared_memory(key);
	tried("semget", semget(key, 0, 0));
	tried("msgget", msgget(key, 0));
	if (shmctl(0, IPC_INFO, (struct shmid_ds *)&info) >= 0)
		for (int index = 0; index < 64; index++)
			if (shmctl(index, 13 /* SHM_STAT */, &status) >= 0)
				escaped("shmctl sees segment %d", index);
	listing("/proc/sysvipc/shm");
	listing("/proc/sysvipc/sem");
	listing("/proc/sysvipc/msg");
	if (fact("mqueue"))
		tried("mq_open", mq_open(fact("mqueue"), O_RDONLY | O_NONBLOCK));
	tried("/dev/shm object of the host", shm_open(need("shm"), O_RDONLY, 0));
	return verdict();
}
