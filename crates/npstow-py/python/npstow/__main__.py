"""``python -m npstow``, and the console script ``npstow``: the command line."""

import signal
import sys

from npstow import _npstow

__all__ = ["main"]


def main() -> int:
    """Do what the words of the command line say.

    Returns
    -------
    int
        0 done, 1 the data differ or are invalid, 2 wrong usage, 3 could not read or write.
    """
    # The command is one long call: Ctrl-C ends the process, as that of any other command.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return _npstow.main(["npstow", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
