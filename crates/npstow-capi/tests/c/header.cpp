#include <npstow.h>
int npstow_header_is_cpp;
