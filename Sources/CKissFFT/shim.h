// Debian keeps the headers in a folder; the float library is the default sample type.
#include <kissfft/kiss_fft.h>
#include <kissfft/kiss_fftr.h>
