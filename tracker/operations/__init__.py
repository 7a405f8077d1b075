"""Does everything run: the signs of life that beat, worker and backup leave, and what follows from them."""
