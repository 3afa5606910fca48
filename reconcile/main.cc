// kube-ipvs: the command line says what to do.
#include "reconcile/command_line.h"

int main(int argc, char** argv) {
  return argc == 0 ? 2 : reconcile::run_command_line(argv[0], {argv + 1, argv + argc});
}
