/* ProcessPrng, which programs of Rust take random numbers from and wine has since version 9 only. It goes
 * into the system folder of the wine that runs the tests; Windows has its own. */
#include <windows.h>
#include <ntsecapi.h>

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T length)
{
    /* SystemFunction036 of advapi32. */
    return RtlGenRandom(data, (ULONG)length);
}
