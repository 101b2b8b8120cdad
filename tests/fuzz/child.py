"""One target under the fuzzer, until its time is up or an input fails; run by ``run``.

What is read from the package after the fuzzer has a hand in it tells the fuzzer which way it went.
"""

import random
import sys

import atheris

with atheris.instrument_imports(include=["gemini_batch"]):
    from tests.fuzz.targets import TARGETS


def main() -> None:
    """Fuzz the target that the first argument names; the rest is for the fuzzer. Never returns."""
    target = TARGETS[sys.argv.pop(1)]

    def change(data: bytes, limit: int, seed: int) -> bytes:
        return target.mutation.change(
            data, limit, random.Random(seed), lambda whole: bytes(atheris.Mutate(whole, limit))
        )

    atheris.Setup(sys.argv, target.check, custom_mutator=change)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
