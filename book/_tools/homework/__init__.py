"""Homework: student copies from the masters, and grades from the students' notebooks.

release.py      masters → student copies (nbgrader), and the proof that nothing leaks
assignment.py   what a master asks for: its cells, problems, points and names
submissions.py  a folder of files → one submission per student, or the reason why not
sandbox.py      the walls around a student's kernel
kernel.py       a student's kernel inside them: run cells, ask for answers
plain.py        the plain data in which questions and answers travel
judge.py        one submission → one verdict
course.py       nbgrader's course folder and gradebook
report.py       grades.csv, the feedback pages, the report on the class
__main__.py     the commands behind `make homework`, `make grade` and `make formgrader`
"""
