/* stub */
#include "compiler/cli/cli.h"
int command_redteam(const cli_arguments *arguments){(void)arguments;return 0;}
