/* The other file of a program that includes npyreader.h twice; see together.cpp. */
#include <npstow/npyreader.h>

/* Fails, so that the error is there for whoever asks in another file. */
int fail_in_c(void)
{
    return get_descr(NULL) == NULL;
}
