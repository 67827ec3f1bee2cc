/* SPDX-License-Identifier: MIT */
/*
 * Confinement must survive every way of becoming or starting another program:
 * execve, execveat of a memfd, the dynamic loader as the program, vfork, a new
 * thread, code written through /proc/self/mem, /proc/self/exe. (issue: memfd exec,
 * /proc/self/mem.) Each later program tries to read the secret and to make a user
 * namespace. Success: one can.
 */
#include <pthread.h>
#include <sched.h>
#include "escape.h"

enum { CONFINED = 40, FREE = 41 };

static char *const *arguments;
extern char **environ;

/* Runs in the later program. */
static int look_round(void)
{
	char text[512] = "";
	int fd = open(need("secret"), O_RDONLY);

	if (fd >= 0 && read(fd, text, sizeof(text) - 1) > 0 && strstr(text, need("token")))
		return FREE;
	return unshare(CLONE_NEWUSER) == 0 ? FREE : CONFINED;
}

static void by_exec(void) { execve("/proc/self/exe", arguments, environ); }

static void by_memfd(void)
{
	char block[65536];
	ssize_t length;
	int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), to = memfd_create("later", MFD_CLOEXEC);

	while ((length = read(from, block, sizeof(block))) > 0)
		if (write(to, block, (size_t)length) != length)
			return;
	syscall(SYS_execveat, to, "", arguments, environ, AT_EMPTY_PATH);
}

static void by_loader(void)
{
	char *with_loader[64] = { "/lib64/ld-linux-x86-64.so.2", "/proc/self/exe" };
	char program[4096];
	ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);

	if (length < 0)
		return;
	program[length] = '\0';
	with_loader[1] = program;
	for (size_t i = 1; arguments[i] && i < 60; i++)
		with_loader[i + 1] = arguments[i];
	execve(with_loader[0], with_loader, environ);
}

static void by_vfork(void)
{
	int status;
	pid_t pid = vfork();

	if (pid == 0) {
		execve("/proc/self/exe", arguments, environ);
		_exit(1);
	}
	waitpid(pid, &status, 0);
	_exit(WEXITSTATUS(status));
}

static void *in_thread(void *unused)
{
	_exit(look_round());
	return unused;
}

static void by_thread(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, in_thread, NULL);
	pthread_join(thread, NULL);
}

__attribute__((noinline)) static int patched(void)
{
	__asm__ volatile("nop; nop; nop; nop; nop; nop; nop; nop");
	return 1;
}

/* Writing one's own text is allowed; it changes no right. */
static void by_own_memory(void)
{
	static const unsigned char return_0[] = { 0x31, 0xc0, 0xc3 }; /* xor eax, eax; ret */
	int fd = open("/proc/self/mem", O_RDWR);

	if (fd >= 0 && pwrite(fd, return_0, sizeof(return_0), (off_t)(unsigned long)patched) == sizeof(return_0) && patched() != 0)
		_exit(1);
	_exit(look_round());
}

static void way(const char *what, void (*become)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		become();
		_exit(1);
	}
	waitpid(pid, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == FREE)
		escaped("%s is not confined", what);
	else if (WIFEXITED(status) && WEXITSTATUS(status) == CONFINED)
		refused("%s is confined", what);
	else
		skipped("%s: did not run (status %x)", what, status);
}

int main(int argc, char **argv)
{
	begin(argv);
	if (strcmp(argv[argc - 1], "later") == 0)
		return look_round();
	arguments = (char *const *)calloc((size_t)argc + 2, sizeof(*argv));
	if (!arguments)
		return EXIT_BROKEN;
	memcpy((void *)arguments, argv, (size_t)argc * sizeof(*argv));
	((char **)arguments)[argc] = "later";
	way("execve", by_exec);
	way("a memfd", by_memfd);
	way("the dynamic loader", by_loader);
	way("vfork", by_vfork);
	way("a thread", by_thread);
	way("patched code", by_own_memory);
	return verdict();
}
