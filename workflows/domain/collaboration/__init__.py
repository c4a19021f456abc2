"""A department's task as a pure object (R18). What the case keeps of a task is `workflows.domain.department_task`."""
