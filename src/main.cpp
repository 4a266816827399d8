#include "surfaces/cli/cli.h"

int main(int argument_count, char** arguments) { return chiron::cli::run(argument_count, arguments); }
