/* The least that a machine must do for a workload: what no library can be faster than by much.
 *
 * limit p1 huge|small FILE      read(2) into new memory, in huge pages or in those of 4 KiB
 * limit p2 first|again FILE     open, ask for the length, read the header, map
 * limit p3 write|reserve FILE NEW   the array of FILE to NEW in one write, or room asked for first
 * limit p4 read FILE            the only member of an archive into new memory, summed while in cache
 * limit p4 save FILE NEW        the bytes of the archive FILE to NEW, summed on the way
 * limit p5 copy|view FILE       read an archive, sum its members, and copy each or not
 * limit p6 NAME FILE            read the directory of an archive, and one member
 * limit p7 FILE NEW             the bytes of the archive FILE to NEW
 * limit p8 load|save FOLDER     open, read or write, and close 4000 files, on all cores
 * limit p11 FILE                pread of 1000 rows of 400 bytes
 * limit warm MIB                touches so much memory and gives it back; measures nothing
 *
 * One line of JSON, as the other contestants print it. Headers are of 128 bytes; archives are as
 * np.savez writes them: no comment, nothing of zip64 in the directory.
 */
#include "limit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The host of a virtual machine takes idle memory away; whoever gets it next pays for its return,
 * ten times what the work costs. After this it is somebody else who has paid. */
static void warm(size_t mib)
{
    char *p = memory(mib << 20, 1);
    for (size_t at = 0; at < mib << 20; at += 4096)
        p[at] = 1;
}

static int is(const char *a, const char *b)
{
    return !strcmp(a, b);
}

/* Whether the words name a workload, which has been run then. */
static int run(int count, char **words)
{
    const char *what = words[0], *how = count > 1 ? words[1] : "";
    if (count == 3 && is(what, "p1"))
        p1(words[2], is(how, "huge"));
    else if (count == 3 && is(what, "p2"))
        p2(words[2], is(how, "again"));
    else if (count == 4 && is(what, "p3"))
        p3(words[2], words[3], is(how, "reserve"));
    else if (count == 3 && is(what, "p4") && is(how, "read"))
        p4_read(words[2]);
    else if (count == 4 && is(what, "p4") && is(how, "save"))
        p4_save(words[2], words[3]);
    else if (count == 3 && is(what, "p5"))
        p5(words[2], is(how, "copy"));
    else if (count == 3 && is(what, "p6"))
        p6(how, words[2]);
    else if (count == 3 && is(what, "p7"))
        p7(how, words[2]);
    else if (count == 3 && is(what, "p8") && is(how, "load"))
        p8_load(words[2]);
    else if (count == 3 && is(what, "p8") && is(how, "save"))
        p8_save(words[2]);
    else if (count == 2 && is(what, "p11"))
        p11(how);
    else if (count == 2 && is(what, "warm"))
        warm(strtoul(how, NULL, 10));
    else
        return 0;
    return 1;
}

int main(int argc, char **argv)
{
    if (argc > 1 && run(argc - 1, argv + 1))
        return 0;
    fputs("limit p1|p2|p3|p4|p5|p6|p7|p8|p11|warm ...: see main.c\n", stderr);
    return 2;
}
