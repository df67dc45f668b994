// Two files of a program include the headers: nothing is defined twice, and an error is seen from the
// other file.
#include <npstow/cnpy.h>
#include <npstow/npyreader.h>

extern "C" int fail_in_c(void);

int main()
{
    const bool seen = fail_in_c() && npyerrno() == NPYERR_ARGUMENT && npyerrno() == 0;
    const bool own = cnpy::BigEndianTest() == '<' && cnpy::map_type(typeid(int)) == 'i';
    std::printf("%d passed, %d failed\n", int(seen) + int(own), 2 - int(seen) - int(own));
    return seen && own ? 0 : 1;
}
