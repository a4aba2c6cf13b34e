// The only process of the emulated machine: runs /kernel-check with the words that stand behind
// `--` on the kernel's command line, its output to the serial port, and switches the machine off.
#include <fcntl.h>
#include <stdio.h>
#include <sys/io.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

// Bochs ends when the word "Shutdown" is written to this port.
enum { SHUTDOWN_PORT = 0x8900 };

int main(int argc, char **argv) {
  (void)argc;
  mount("dev", "/dev", "devtmpfs", 0, NULL);
  int port = open("/dev/ttyS0", O_RDWR | O_NOCTTY);
  for (int descriptor = 0; descriptor < 3; descriptor++) dup2(port, descriptor);

  pid_t child = fork();
  if (child == 0) {
    execv("/kernel-check", argv);
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  dprintf(port, "exit status %d\n",
          WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
  tcdrain(port);

  if (ioperm(SHUTDOWN_PORT, 1, 1) == 0)
    for (const char *p = "Shutdown"; *p; p++) outb(*p, SHUTDOWN_PORT);
  reboot(RB_POWER_OFF);
  for (;;) pause();
}
