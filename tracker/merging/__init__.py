"""The same enterprise or project entered twice: found by its name, told apart or merged by the team lead."""
